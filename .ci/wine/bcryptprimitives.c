/*
 * Go's runtime takes its random bytes from ProcessPrng of bcryptprimitives.dll,
 * which Wine 8 lacks. Wine's advapi32 has an older function that does the same.
 */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length) {
  while (length > 0) {
    ULONG part = length > 1 << 28 ? 1 << 28 : (ULONG)length;
    if (!SystemFunction036(buffer, part)) return FALSE;
    buffer += part;
    length -= part;
  }
  return TRUE;
}
