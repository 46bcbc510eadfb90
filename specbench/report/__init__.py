"""Reports: self-contained HTML pages, built from results folders."""
