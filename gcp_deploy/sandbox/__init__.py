"""The limited child process in which model code runs, and the launcher that never unpickles."""
