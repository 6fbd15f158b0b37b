"""What every ArtifactStore keeps."""

import io

import pytest

from gcp_deploy.errors import Conflict, NotFound

pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def folder(request):
    return request.node.name.replace("[", "-").replace("]", "")


def test_what_was_created_is_there_with_size_and_checksum(store, folder):
    made = store.create(f"{folder}/a", b"hello", metadata={"sha256": "x"})
    assert (made.size, made.crc32c, str(made.uri)) == (5, "mnG7TA==", str(store.uri(f"{folder}/a")))
    found = store.stat(f"{folder}/a")
    assert (found.size, found.crc32c, found.metadata["sha256"]) == (5, "mnG7TA==", "x")
    assert store.read(f"{folder}/a") == b"hello"


def test_what_is_not_there_is_none_or_not_found(store, folder):
    assert store.stat(f"{folder}/a") is None
    with pytest.raises(NotFound, match=f"{folder}/a"):
        store.read(f"{folder}/a")


def test_the_same_content_again_is_success_and_the_same_object(store, folder):
    first = store.create(f"{folder}/a", b"hello")
    assert store.create(f"{folder}/a", b"hello").generation == first.generation


def test_other_content_under_a_name_is_a_conflict_and_changes_nothing(store, folder):
    store.create(f"{folder}/a", b"hello")
    with pytest.raises(Conflict, match=f"{folder}/a"):
        store.create(f"{folder}/a", b"other")
    assert store.read(f"{folder}/a") == b"hello"


@pytest.mark.parametrize("size", [0, 1, 9_000_000], ids=str)
def test_a_file_is_read_from_where_it_stands(store, folder, size):
    file = io.BytesIO(b"head" + b"x" * size)
    file.seek(4)
    seen = []
    made = store.create(
        f"{folder}/f", file, progress=lambda done, total: seen.append((done, total))
    )
    assert made.size == size
    assert store.read(f"{folder}/f") == b"x" * size
    assert seen == sorted(seen)
    assert seen[-1:] in ([], [(size, size)])


def test_names_are_sorted_and_folders_are_named_once(store, folder):
    for name in ("b/2", "b/1", "a/x/y", "top"):
        store.create(f"{folder}/{name}", b"")
    names = [name.removeprefix(f"{folder}/") for name in store.names(f"{folder}/")]
    assert names == ["a/x/y", "b/1", "b/2", "top"]
    assert store.folders(f"{folder}/") == ("a", "b")
    assert store.names(f"{folder}/none") == ()
