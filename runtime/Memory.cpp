#include "runtime/Memory.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>

namespace ashlar {

static constexpr uint64_t HugePage = uint64_t(2) << 20;
static constexpr uint64_t Page = 4096;

Arena::~Arena() {
  if (mapping)
    munmap(mapping, mapped);
}

Failure Arena::allocate(uint64_t bytes) {
  mapped = (bytes + Page - 1) / Page * Page + HugePage;
  mapping = mmap(nullptr, mapped, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) {
    mapping = nullptr;
    return {ExitCode::DoesNotFit,
            "cannot map " + std::to_string(bytes) + " bytes: " + std::strerror(errno),
            "free memory, or lift the limit on address space (ulimit -v)"};
  }
  auto address = reinterpret_cast<uintptr_t>(mapping);
  uintptr_t aligned = (address + HugePage - 1) / HugePage * HugePage;
  start = static_cast<std::byte *>(mapping) + (aligned - address);
  // Whole huge pages only: one that reaches past the arena would count as memory that no plan has.
  if (uint64_t whole = bytes / HugePage * HugePage)
    madvise(start, whole, MADV_HUGEPAGE);
  return {};
}

} // namespace ashlar
