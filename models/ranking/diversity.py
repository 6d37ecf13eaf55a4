import numpy as np
def diversify(items, scores, count, diversity, similar): return np.argsort(-scores,kind="stable")[:count]
