"""The use cases: gather what is, decide in ``domain``, apply through the ports. No printing.

    deploying   plan and deploy an artifact          promoting   promote and roll back
    watching    status, versions, history, when      retiring    undeploy and delete
    predicting  online predictions                   waiting     operations

Each takes a :class:`~gcp_deploy.app.context.Context` and returns a value of ``outcomes``.
"""
