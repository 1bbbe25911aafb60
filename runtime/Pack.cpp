#include "runtime/Pack.h"

#include "runtime/Checksum.h"
#include "runtime/FileBytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

namespace ashlar {

static constexpr uint64_t MaxEntries = uint64_t(1) << 24;
static constexpr uint64_t MaxNames = uint64_t(1) << 30;
static constexpr uint64_t MaxText = uint64_t(1) << 30;
static constexpr const char *BuildAnew = "build the app anew with ashlar build";

static std::string reason() { return errno ? std::strerror(errno) : "the file ends early"; }

namespace {
enum class Found : uint8_t { Pack, NoPack, Unread };
} // namespace

/// Opens a file and reads the trailer at its end. Unread leaves its reason in errno.
static Found openTrailer(const std::string &path, int &file, uint64_t &size, PackTrailer &trailer) {
  file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat facts {};
  if (file < 0 || fstat(file, &facts) != 0)
    return Found::Unread;
  size = uint64_t(facts.st_size);
  if (!S_ISREG(facts.st_mode) || size < sizeof(PackHeader) + sizeof(PackTrailer))
    return Found::NoPack;
  if (!readAt(file, &trailer, sizeof(trailer), size - sizeof(trailer)))
    return Found::Unread;
  return std::memcmp(trailer.magic, PackEndMagic, sizeof(PackEndMagic)) == 0 ? Found::Pack
                                                                             : Found::NoPack;
}

static std::string ownPath() {
  char self[4096];
  ssize_t length = readlink("/proc/self/exe", self, sizeof(self));
  return {self, size_t(std::max<ssize_t>(length, 0))};
}

/// Calls take(part) for all that stand there, a few at a time: they may be more than memory holds.
template <class T, class Take>
static bool readEach(int file, uint64_t offset, uint64_t count, Take take) {
  T part[4096 / sizeof(T)];
  for (uint64_t done = 0; done < count;) {
    uint64_t size = std::min<uint64_t>(std::size(part), count - done);
    if (!readAt(file, part, size * sizeof(T), offset + done * sizeof(T)))
      return false;
    take(std::span<const T>(part, size));
    done += size;
  }
  return true;
}

/// The digits of a digest, or question marks where a damaged one has others.
static std::string hexadecimal(const char (&digits)[32]) {
  std::string text(digits, 32);
  for (char &c : text)
    if (!std::strchr("0123456789abcdef", c) || !c)
      c = '?';
  return text;
}

Pack::~Pack() {
  if (file >= 0)
    close(file);
}

Failure Pack::damaged(const char *what) const {
  return {ExitCode::BadInput, path + ": the pack is damaged: " + what, BuildAnew};
}

Failure Pack::unread() const {
  return {ExitCode::InputOutput, path + ": cannot be read: " + reason(), ""};
}

Failure Pack::open(const std::string &named, const ModelInfo &model) {
  uint64_t size = 0;
  path = named.empty() ? ownPath() : named;
  Found found = openTrailer(named.empty() ? "/proc/self/exe" : path, file, size, trailer);
  if (named.empty() && found == Found::NoPack) {
    close(file);
    path += ".pack";
    found = openTrailer(path, file, size, trailer);
    if (found == Found::NoPack || (file < 0 && errno == ENOENT))
      return {
          ExitCode::InputOutput, "no weights: neither in the executable nor in " + path,
          "name them with --weights FILE; strip, or a copy that was cut, lacks what is appended"};
  }
  if (found == Found::Unread)
    return unread();
  if (found == Found::NoPack)
    return {ExitCode::BadInput, path + ": is no pack: its trailer is missing",
            "it may be cut; copy it again, or build it anew"};
  if (trailer.packBytes > size || trailer.packBytes < sizeof(PackHeader) + sizeof(PackTrailer))
    return {ExitCode::BadInput,
            path + ": the pack is cut: it should be " + std::to_string(trailer.packBytes) +
                " bytes, the file has " + std::to_string(size),
            BuildAnew};
  base = size - trailer.packBytes;
  if (Failure f = readHeader(model))
    return f;
  return readIndex(model.extents);
}

Failure Pack::readHeader(const ModelInfo &model) {
  if (!readAt(file, &header, sizeof(header), base))
    return unread();
  if (std::memcmp(header.magic, PackMagic, sizeof(PackMagic)) != 0)
    return damaged("its header is missing");
  if (header.version != PackVersion)
    return {ExitCode::BadInput,
            path + ": the pack has version " + std::to_string(header.version) +
                ", this app reads " + std::to_string(PackVersion),
            BuildAnew};
  auto isDigest = [](const char(&digits)[32], const char *text) {
    return std::strlen(text) == 32 && std::memcmp(digits, text, 32) == 0;
  };
  // A plan's digest is of its model's too: what differs first is what is said.
  auto foreign = [&](const char *what, const char(&digits)[32], const char *ours) {
    return Failure{ExitCode::BadInput,
                   path + ": the pack was made for " + what + " " + hexadecimal(digits) +
                       ", this app for " + ours,
                   "an app and its pack are built together; build both anew"};
  };
  if (!isDigest(header.modelDigest, model.modelDigest))
    return foreign("model", header.modelDigest, model.modelDigest);
  if (!isDigest(header.planDigest, model.planDigest))
    return foreign("plan", header.planDigest, model.planDigest);
  return {};
}

Failure Pack::readIndex(std::span<const Extent> extents) {
  uint64_t limit = trailer.packBytes - sizeof(trailer);
  uint64_t indexBytes = uint64_t(header.entries) * sizeof(PackEntry);
  if (header.entries > MaxEntries || header.indexOffset > limit ||
      indexBytes > limit - header.indexOffset || header.namesBytes > MaxNames ||
      header.namesOffset > limit || header.namesBytes > limit - header.namesOffset)
    return damaged("its index lies outside of it");
  Checksum sum;
  sum.add(&header, sizeof(header));
  bool inside = true;
  auto index = [&](std::span<const PackEntry> part) {
    sum.add(part.data(), part.size_bytes());
    for (const PackEntry &entry : part) {
      inside = inside && entry.offset <= limit && entry.bytes <= limit - entry.offset;
      if (uint32_t(entry.kind) < std::size(sections) && !sections[uint32_t(entry.kind)])
        sections[uint32_t(entry.kind)] = entry;
    }
  };
  auto names = [&](std::span<const char> part) { sum.add(part.data(), part.size()); };
  if (!readEach<PackEntry>(file, base + header.indexOffset, header.entries, index) ||
      !readEach<char>(file, base + header.namesOffset, header.namesBytes, names))
    return unread();
  if (sum.value() != trailer.indexChecksum)
    return damaged("the checksum of its index differs");
  if (!inside)
    return damaged("its index names bytes outside of it");
  for (const Extent &extent : extents)
    if (extent.packOffset > limit || extent.bytes > limit - extent.packOffset)
      return damaged("it is shorter than the plan's weights");
  return {};
}

const PackEntry *Pack::find(PackKind kind) const {
  const std::optional<PackEntry> &section = sections[uint32_t(kind)];
  return section ? &*section : nullptr;
}

Failure Pack::text(PackKind kind, std::string &into) const {
  const PackEntry *entry = find(kind);
  if (!entry)
    return {ExitCode::BadInput, path + ": the pack lacks a section", BuildAnew};
  if (entry->bytes > MaxText)
    return damaged("a text in it is longer than 1 GiB");
  into.resize(entry->bytes);
  uint64_t bytes = entry->bytes;
  return read(kind, reinterpret_cast<std::byte *>(into.data()), bytes);
}

Failure Pack::read(PackKind kind, std::byte *into, uint64_t &bytes) const {
  const PackEntry *entry = find(kind);
  uint64_t room = bytes;
  bytes = 0;
  if (!entry)
    return {};
  if (entry->bytes > room)
    return {ExitCode::BadInput, path + ": a section of the pack is larger than the plan says",
            BuildAnew};
  if (!readAt(file, into, entry->bytes, base + entry->offset))
    return unread();
  if (Checksum::of(into, entry->bytes) != entry->checksum)
    return damaged("a checksum differs");
  bytes = entry->bytes;
  return {};
}

bool Pack::isFile(const std::string &other) const { return isSameFile(file, other); }

void Pack::expect(const ModelInfo &model, std::byte *arena, Arrivals &arrivals) const {
  arrivals.expect(model.extents, arena, file, base);
}

Failure Pack::failure(const Arrivals &arrivals) const {
  int error = arrivals.error();
  if (!error)
    return {};
  errno = error == -1 ? 0 : error;
  return {ExitCode::InputOutput, path + ": cannot read the weights: " + reason(), BuildAnew};
}

} // namespace ashlar
