// A pack whose sums are right and whose numbers are impossible: no byte beyond it is believed.
#include "runtime/Pack.h"

#include "runtime/Checksum.h"
#include "tests/unit/Check.h"

#include <cstring>
#include <fstream>
#include <vector>

using namespace ashlar;

namespace {

constexpr char Digest[] = "0123456789abcdef0123456789abcdef";

// Of the last pack that was opened: reading a section into too little room, and loading from a file
// that became shorter.
Failure larger, shortened;

/// A small pack: header, one plan of 16 bytes, index, trailer. `change` may touch header and entry.
template <class Change> Failure openPack(Change change, std::span<const Extent> extents = {}) {
  PackHeader header{};
  PackEntry entry{};
  std::memcpy(header.magic, PackMagic, sizeof(PackMagic));
  std::memcpy(header.planDigest, Digest, 32);
  std::memcpy(header.modelDigest, Digest, 32);
  header.version = PackVersion;
  header.entries = 1;
  header.indexOffset = 192;
  header.namesOffset = header.indexOffset + sizeof(entry);
  entry.kind = PackKind::Plan;
  entry.offset = 128;
  entry.bytes = 16;
  entry.checksum = Checksum::of("ashlar plan 1\n\n\n", 16);
  change(header, entry);

  PackTrailer trailer{};
  trailer.packBytes = 512;
  Checksum sum;
  sum.add(&header, sizeof(header));
  sum.add(&entry, sizeof(entry));
  trailer.indexChecksum = sum.value();
  std::memcpy(trailer.magic, PackEndMagic, sizeof(PackEndMagic));

  std::vector<char> bytes(512);
  std::memcpy(bytes.data(), &header, sizeof(header));
  std::memcpy(bytes.data() + 128, "ashlar plan 1\n\n\n", 16);
  std::memcpy(bytes.data() + 192, &entry, sizeof(entry));
  std::memcpy(bytes.data() + 512 - sizeof(trailer), &trailer, sizeof(trailer));
  char path[] = "/tmp/ashlar-pack-test-XXXXXX";
  int file = mkstemp(path);
  close(file);
  std::ofstream(path, std::ios::binary).write(bytes.data(), 512);

  ModelInfo info{};
  info.planDigest = info.modelDigest = Digest;
  info.extents = extents;
  Pack pack;
  Failure failure = pack.open(path, info);
  std::string text;
  if (!failure)
    failure = pack.text(PackKind::Plan, text);
  if (!failure) {
    std::byte small[8];
    uint64_t room = sizeof(small);
    larger = pack.read(PackKind::Plan, small, room);
    failure = pack.text(PackKind::Report, text);
  }
  if (!extents.empty() && truncate(path, 256) == 0) { // while the app runs
    std::byte arena[64];
    Arrivals arrivals;
    pack.expect(info, arena, arrivals);
    arrivals.awaitAll({});
    shortened = pack.failure(arrivals);
  }
  unlink(path);
  return failure;
}

bool says(const Failure &failure, const char *what) {
  return failure.text.find(what) != std::string::npos;
}

} // namespace

TEST(soundPackLacksOnlyTheReport) {
  CHECK(says(openPack([](auto &, auto &) {}), "the pack lacks a section"));
}

TEST(entriesLieInThePack) {
  for (auto [offset, bytes] :
       {std::pair<uint64_t, uint64_t>{449, 0}, {128, 321}, {~0ull, 2}, {2, ~0ull}})
    CHECK(says(openPack([offset = offset, bytes = bytes](auto &, auto &entry) {
                 entry.offset = offset;
                 entry.bytes = bytes;
               }),
               "its index names bytes outside of it"));
}

TEST(extentsLieInThePack) {
  Extent beyond[] = {{0, 440, 16}};
  CHECK(says(openPack([](auto &, auto &) {}, beyond), "it is shorter than the plan's weights"));
}

TEST(sectionsHaveTheRoomOfThePlan) {
  openPack([](auto &, auto &) {});
  CHECK(says(larger, "a section of the pack is larger than the plan says"));
}

TEST(fileThatBecomesShorter) {
  Extent last[] = {{0, 432, 16}};
  openPack([](auto &, auto &) {}, last);
  CHECK(says(shortened, "cannot read the weights: the file ends early"));
}

TEST(sectionsAreCompared) {
  CHECK(says(openPack([](auto &, auto &entry) { entry.checksum ^= 1; }), "a checksum differs"));
}
