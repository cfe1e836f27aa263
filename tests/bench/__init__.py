"""`make bench`: how near the platform comes to what the engines under it can do, as ratios inside one run."""
