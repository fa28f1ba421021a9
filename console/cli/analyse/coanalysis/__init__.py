"""Commands of statistics and co-analysis: indices, assessments, PM2.5 with O3, chemistry, what to cut."""
