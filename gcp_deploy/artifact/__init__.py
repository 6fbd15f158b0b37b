"""The X-ray: what a joblib file is and whether it is safe, found without unpickling it."""
