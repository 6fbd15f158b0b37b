import pytest

from gcp_deploy.serving.description import resident_bytes


def test_the_memory_is_told_also_where_proc_may_not_be_read(tmp_path):
    refused = tmp_path / "folder"
    refused.mkdir()
    assert resident_bytes(refused) == pytest.approx(resident_bytes(), rel=0.9)
    assert resident_bytes(tmp_path / "nothing") > 1 << 20
