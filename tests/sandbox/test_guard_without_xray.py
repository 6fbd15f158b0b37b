"""The child's own guard, asked directly: what it refuses when no X-ray went before."""

import pytest

from gcp_deploy.sandbox.failures import NotLoadable
from gcp_deploy.sandbox.process import ModelProcess

# (function, arguments) as a pickle of protocol 0 to 2 would call them.
CALLS = {
    "a command": b"cposix\nsystem\n(S'true'\ntR.",
    "eval": b"cbuiltins\neval\n(S'1'\ntR.",
    "any attribute": b"cbuiltins\ngetattr\n(]S'__class__'\ntR.",
    "a module": b"cimportlib\nimport_module\n(S'os'\ntR.",
    "a nested name": b"\x80\x04\x8c\x07sklearn\x8c\x09os.system\x93\x8c\x04true\x85R.",
}


@pytest.mark.parametrize("call", CALLS)
def test_what_is_not_on_the_list_is_not_called(tmp_path, call):
    path = tmp_path / "model.joblib"
    path.write_bytes(CALLS[call])
    with pytest.raises(NotLoadable) as failed, ModelProcess.start(path, column_names=True):
        pass
    # Had it been called, what it returned would have been looked at, and found to be no model.
    assert failed.value.kind != "no_model"
