/// The weights of an app: found, and checked against the app. A pack is untrusted until `open` has
/// checked it; every number is compared with the file's size before it is used, and with a
/// limit where it says how much memory is taken: a file of holes is as large as it likes.
#pragma once

#include "runtime/Arrivals.h"
#include "runtime/Failure.h"
#include "runtime/ModelInfo.h"
#include "runtime/PackFormat.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ashlar {

class Pack {
public:
  Pack() = default;
  Pack(const Pack &) = delete;
  Pack &operator=(const Pack &) = delete;
  ~Pack();

  /// Opens `path`; when that is empty, the pack at the end of this executable, or else the file
  /// beside it (APP.pack). Refuses a pack that is damaged, cut, or of another plan or model.
  Failure open(const std::string &path, const ModelInfo &model);

  /// Each extent is to arrive at its place in the arena.
  void expect(const ModelInfo &model, std::byte *arena, Arrivals &arrivals) const;
  /// Where one could not be read.
  Failure failure(const Arrivals &arrivals) const;

  /// The text of a section ("plan", "report"); its bytes are checked.
  Failure text(PackKind kind, std::string &into) const;
  /// Reads a section to `into`, which has `bytes` bytes; how many it has is returned in `bytes`,
  /// 0 where the pack has no such section.
  Failure read(PackKind kind, std::byte *into, uint64_t &bytes) const;

  /// What all parts of one kind are together, in the pack.
  struct Digest {
    const char *what; // "weights"
    uint64_t parts, bytes;
    uint64_t wrong;    // parts whose checksum differs; of padding, those that are not zeros
    std::string first; // the first of them
  };
  /// Reads the whole pack and compares each part's checksum, so that with what `open` compares no
  /// byte is left out. Fails where it cannot be read, or its parts overlap.
  Failure digests(std::vector<Digest> &into) const;

  /// Whether a path names the file that the pack is in.
  bool isFile(const std::string &other) const;
  uint64_t bytes() const { return trailer.packBytes; }
  const std::string &where() const { return path; }

private:
  Failure readHeader(const ModelInfo &model);
  Failure readIndex(std::span<const Extent> extents);
  const PackEntry *find(PackKind kind) const;
  Failure name(const PackEntry &entry, std::string &into) const;
  Failure damaged(const char *what) const;
  Failure unread() const; // by errno; 0: the file ends early

  std::string path;
  int file = -1;
  uint64_t base = 0; // of the pack in its file
  PackHeader header{};
  PackTrailer trailer{};
  std::optional<PackEntry> sections[4]; // the first of each kind
};

} // namespace ashlar
