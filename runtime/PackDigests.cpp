/// Whether every byte of a pack is the one that was written.
#include "runtime/Checksum.h"
#include "runtime/FileBytes.h"
#include "runtime/Pack.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace ashlar {

static constexpr uint64_t ReadBytes = uint64_t(4) << 20;
static constexpr uint64_t MaxNameBytes = 4096;

namespace {
/// Reads a stretch of the pack, and tells both what its checksum is and whether it is all zeros.
struct Stretch {
  std::unique_ptr<std::byte[]> buffer{new std::byte[ReadBytes]};
  uint64_t checksum = 0;
  bool zeros = true;

  bool read(int file, uint64_t offset, uint64_t bytes) {
    Checksum sum;
    zeros = true;
    for (uint64_t done = 0; done < bytes;) {
      uint64_t part = std::min(ReadBytes, bytes - done);
      if (!readAt(file, buffer.get(), part, offset + done))
        return false;
      sum.add(buffer.get(), part);
      zeros = zeros && std::all_of(buffer.get(), buffer.get() + part,
                                   [](std::byte b) { return b == std::byte(0); });
      done += part;
    }
    checksum = sum.value();
    return true;
  }
};
} // namespace

Failure Pack::name(const PackEntry &entry, std::string &into) const {
  if (entry.nameOffset > header.namesBytes ||
      entry.nameBytes > header.namesBytes - entry.nameOffset || entry.nameBytes > MaxNameBytes)
    return damaged("its index names bytes outside of it");
  into.resize(entry.nameBytes);
  if (!readAt(file, into.data(), into.size(), base + header.namesOffset + entry.nameOffset))
    return unread();
  into = forTerminal(into);
  return {};
}

Failure Pack::digests(std::vector<Digest> &into) const {
  static constexpr const char *kinds[] = {"weights", "plan", "tokenizer", "report"};
  into.clear();
  for (const char *kind : kinds)
    into.push_back({kind, 0, 0, 0, ""});
  Digest gaps{"padding", 0, 0, 0, ""};
  Stretch stretch;
  uint64_t at = sizeof(header); // all before is checked
  auto gap = [&](uint64_t end) {
    if (at > end)
      return damaged("its parts overlap");
    if (!stretch.read(file, base + at, end - at))
      return unread();
    if (!stretch.zeros && ++gaps.wrong == 1)
      gaps.first = "bytes " + std::to_string(at) + " to " + std::to_string(end - 1);
    gaps.parts += end > at;
    gaps.bytes += end - at;
    return Failure{};
  };
  for (uint32_t i = 0; i < header.entries; ++i) {
    PackEntry entry;
    if (!readAt(file, &entry, sizeof(entry), base + header.indexOffset + i * sizeof(entry)))
      return unread();
    if (uint32_t(entry.kind) >= std::size(kinds))
      return damaged("its index has a section of a kind that is unknown");
    if (Failure f = gap(entry.offset))
      return f;
    if (!stretch.read(file, base + entry.offset, entry.bytes))
      return unread();
    Digest &digest = into[uint32_t(entry.kind)];
    if (stretch.checksum != entry.checksum && ++digest.wrong == 1)
      if (Failure f = name(entry, digest.first))
        return f;
    ++digest.parts;
    digest.bytes += entry.bytes;
    at = entry.offset + entry.bytes;
  }
  // The index's own sum was compared when the pack was opened.
  for (auto [begin, bytes] : {std::pair{header.indexOffset, header.entries * sizeof(PackEntry)},
                              std::pair{header.namesOffset, header.namesBytes}}) {
    if (Failure f = gap(begin))
      return f;
    at = begin + bytes;
  }
  if (Failure f = gap(trailer.packBytes - sizeof(trailer)))
    return f;
  at = trailer.packBytes - sizeof(trailer) + offsetof(PackTrailer, reserved);
  if (Failure f = gap(at + sizeof(trailer.reserved)))
    return f;
  into.push_back(gaps);
  return {};
}

} // namespace ashlar
