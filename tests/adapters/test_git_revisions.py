import shutil
import subprocess

import pytest

from gcp_deploy.adapters.git import GitRevisions


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")

    def commit(text):
        (tmp_path / "file").write_text(text)
        git("add", "file")
        git("-c", "user.name=n", "-c", "user.email=e@example.com", "commit", "-qm", text)

    def git(*words):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True, capture_output=True)

    git("init", "-q")
    commit("one")
    older = GitRevisions(tmp_path).head()
    commit("two")
    return tmp_path, older, GitRevisions(tmp_path).head()


def test_the_head_is_the_commit_that_is_checked_out(repository):
    folder, older, newer = repository
    assert len(older) == len(newer) == 40
    assert older != newer
    assert GitRevisions(folder).head() == newer


def test_ancestors_are_told(repository):
    folder, older, newer = repository
    revisions = GitRevisions(folder)
    assert revisions.is_ancestor(older, newer) is True
    assert revisions.is_ancestor(newer, older) is False


@pytest.mark.parametrize("name", ["0" * 40, "", "--help", "HEAD", "g" * 40, "a" * 65])
def test_an_unknown_or_odd_commit_is_unknown(repository, name):
    folder, _, newer = repository
    assert GitRevisions(folder).is_ancestor(name, newer) is None


def test_outside_a_repository_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert GitRevisions(tmp_path).head() == ""
    assert GitRevisions(tmp_path / "missing").head() == ""


def test_without_git_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert GitRevisions(tmp_path).head() == ""
    assert GitRevisions(tmp_path).is_ancestor("a" * 40, "b" * 40) is None
