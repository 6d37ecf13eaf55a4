"""One module for each recommender, all behind one contract."""
