"""Assessments, PM2.5 with O3, chemistry and what to cut: reads, computes and stores."""
