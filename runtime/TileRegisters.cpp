#include "runtime/TileRegisters.h"

#include <sys/syscall.h>
#include <unistd.h>

namespace ashlar {

bool useTileRegisters() {
#ifdef __x86_64__
  // Names of Linux 5.16, which the headers of older systems lack.
  constexpr long RequestPermission = 0x1023, TileData = 18;
  return syscall(SYS_arch_prctl, RequestPermission, TileData) == 0;
#else
  return false;
#endif
}

} // namespace ashlar
