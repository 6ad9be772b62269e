#include <stddef.h>
#include <stdint.h>

// libFuzzer's own entry point, for programs that have a main function already. It returns the process's exit code.
int LLVMFuzzerRunDriver(int *argumentCount, char ***arguments, int (*oneInput)(const uint8_t *start, size_t count));
