#include <libgfshare.h>

// The library's source of randomness is a variable that is null until somebody sets it.
static inline void coffer_gfshare_use(gfshare_rand_func_t fill) { gfshare_fill_rand = fill; }
