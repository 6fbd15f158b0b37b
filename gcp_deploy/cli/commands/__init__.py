"""One command per file; :mod:`gcp_deploy.cli.loading` has the table of them."""
