"""gcp-deploy: from a fitted scikit-learn pipeline to a served, verified version on Google Cloud.

Applications import :mod:`gcp_deploy.client`; everything else serves the command line.
The architecture is told in CONTRIBUTING.md.
"""

__version__ = "0.1.0"
