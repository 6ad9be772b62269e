#include <libgfshare.h>

// Swift takes a variable of C for shared and unguarded. This one is set once, before anything else of the library is called.
static inline void coffer_gfshare_use(gfshare_rand_func_t fill) { gfshare_fill_rand = fill; }
