"""What a model in its limited child process can answer but predictions."""

from gcp_deploy.errors import ModelFailed


class PredictionRejected(Exception):
    """The model is alive, and would not answer these instances; the text says which and why."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class NotLoadable(ModelFailed):
    """The artifact was read in the child and is no model that can be served.

    *kind* is one of ``refused`` (a name outside the allow-list), ``import`` (a class that is not
    installed), ``no_model`` (an object without ``predict``) and ``unreadable``. *detail* is the
    text of the exception behind it, as the prediction servers of Google quote it.
    """

    def __init__(self, message: str, *, kind: str, detail: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.kind = kind
        self.detail = detail
