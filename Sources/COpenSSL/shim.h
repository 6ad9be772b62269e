// Only the low-level SHA-256: it uses the processor's SHA instructions and keeps its state on the stack.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
