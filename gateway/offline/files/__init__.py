"""Files of records of any size, read with pyarrow: only the command line and the worker import this."""
