"""Exports: CSV, Parquet and NetCDF-CF."""
