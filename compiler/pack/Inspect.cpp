/// `ashlar inspect` of a pack, or of an app that carries one: untrusted bytes, read by their ends.
#include "compiler/pack/Pack.h"
#include "compiler/support/DataType.h"

#include "runtime/Checksum.h"
#include "runtime/Failure.h"
#include "runtime/FileBytes.h"
#include "runtime/PackFormat.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ashlar {

static constexpr uint64_t MaxIndexBytes = uint64_t(1) << 30;

namespace {
struct Index {
  PackHeader header;
  PackTrailer trailer;
  std::vector<PackEntry> entries;
  std::string names;
};
} // namespace

/// The index of the pack that ends the file, or what is wrong with it. Nothing, with errno, where
/// it cannot be read.
static std::optional<std::string> readIndex(int file, uint64_t base, Index &index) {
  const PackTrailer &trailer = index.trailer;
  PackHeader &header = index.header;
  if (!readAt(file, &header, sizeof(header), base))
    return std::nullopt;
  if (std::memcmp(header.magic, PackMagic, sizeof(PackMagic)) != 0)
    return "the pack's header is missing";
  if (header.version != PackVersion)
    return llvm::formatv("the pack has version {0}, this tool reads {1}", header.version,
                         PackVersion)
        .str();
  uint64_t limit = trailer.packBytes - sizeof(trailer);
  uint64_t indexBytes = uint64_t(header.entries) * sizeof(PackEntry);
  if (header.indexOffset > limit || indexBytes > limit - header.indexOffset ||
      header.namesOffset > limit || header.namesBytes > limit - header.namesOffset ||
      indexBytes > MaxIndexBytes || header.namesBytes > MaxIndexBytes)
    return "the pack's index lies outside of the pack";
  index.entries.resize(header.entries);
  index.names.resize(header.namesBytes);
  if (!readAt(file, index.entries.data(), indexBytes, base + header.indexOffset) ||
      !readAt(file, index.names.data(), header.namesBytes, base + header.namesOffset))
    return std::nullopt;
  Checksum sum;
  sum.add(&header, sizeof(header));
  sum.add(index.entries.data(), indexBytes);
  sum.add(index.names.data(), index.names.size());
  if (sum.value() != trailer.indexChecksum)
    return "the pack's index is damaged: its checksum differs";
  for (const PackEntry &entry : index.entries)
    if (entry.offset > limit || entry.bytes > limit - entry.offset ||
        entry.nameOffset > index.names.size() ||
        entry.nameBytes > index.names.size() - entry.nameOffset ||
        uint32_t(entry.kind) > uint32_t(PackKind::Report) || entry.type >= std::size(DataTypes) ||
        entry.layout > 2)
      return "the pack's index names bytes outside of the pack";
  return "";
}

static llvm::StringRef kindName(PackKind kind) {
  static constexpr llvm::StringRef names[] = {"weight", "plan", "tokenizer", "report"};
  return names[uint32_t(kind)];
}

static void print(const Index &index, bool asJson, llvm::raw_ostream &out) {
  static constexpr llvm::StringRef layouts[] = {"rows", "vector", "panels"};
  auto nameOf = [&](const PackEntry &entry) {
    return forTerminal(index.names.substr(entry.nameOffset, entry.nameBytes));
  };
  std::string plan = forTerminal({index.header.planDigest, 32});
  std::string model = forTerminal({index.header.modelDigest, 32});
  if (!asJson) {
    out << "pack version=" << index.header.version << " plan=" << plan << " model=" << model
        << " entries=" << index.entries.size() << " bytes=" << index.trailer.packBytes << '\n';
    for (const PackEntry &entry : index.entries) {
      out << "  " << kindName(entry.kind) << ' ' << nameOf(entry) << " offset=" << entry.offset
          << " bytes=" << entry.bytes;
      if (entry.kind == PackKind::Weight)
        out << " type=" << name(DataType(entry.type)) << " layout=" << layouts[entry.layout];
      out << llvm::formatv(" checksum={0:x-16}\n", entry.checksum);
    }
    return;
  }
  llvm::json::OStream json(out, 1);
  json.object([&] {
    json.attribute("version", index.header.version);
    json.attribute("plan", plan);
    json.attribute("model", model);
    json.attribute("bytes", index.trailer.packBytes);
    json.attributeArray("entries", [&] {
      for (const PackEntry &entry : index.entries)
        json.object([&] {
          json.attribute("kind", kindName(entry.kind));
          json.attribute("name", nameOf(entry));
          json.attribute("offset", entry.offset);
          json.attribute("bytes", entry.bytes);
          if (entry.kind == PackKind::Weight) {
            json.attribute("type", name(DataType(entry.type)));
            json.attribute("layout", layouts[entry.layout]);
          }
          json.attribute("checksum", llvm::formatv("{0:x-16}", entry.checksum).str());
        });
    });
  });
  out << '\n';
}

Inspected inspectPack(const std::string &path, bool json, llvm::raw_ostream &out,
                      Diagnostics &diags) {
  auto unread = [&] {
    diags.error(Exit::InputOutput, path,
                llvm::formatv("cannot be read: {0}",
                              errno ? std::strerror(errno) : "it ended while it was read"));
    return Inspected::Failed;
  };
  int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0)
    return unread();
  auto closing = llvm::make_scope_exit([&] { close(file); });
  struct stat facts {};
  if (fstat(file, &facts) != 0)
    return unread();
  Index index;
  uint64_t size = uint64_t(facts.st_size);
  if (!S_ISREG(facts.st_mode) || size < sizeof(PackHeader) + sizeof(PackTrailer))
    return Inspected::NoPack;
  if (!readAt(file, &index.trailer, sizeof(PackTrailer), size - sizeof(PackTrailer)))
    return unread();
  if (std::memcmp(index.trailer.magic, PackEndMagic, sizeof(PackEndMagic)) != 0)
    return Inspected::NoPack;
  std::optional<std::string> wrong = "the pack is longer than its file";
  if (index.trailer.packBytes <= size &&
      index.trailer.packBytes >= sizeof(PackHeader) + sizeof(PackTrailer))
    wrong = readIndex(file, size - index.trailer.packBytes, index);
  if (!wrong)
    return unread();
  if (!wrong->empty()) {
    diags.error(Exit::BadInput, path, *wrong);
    diags.note("build the app, or write the pack, anew");
    return Inspected::Failed;
  }
  print(index, json, out);
  return Inspected::Printed;
}

} // namespace ashlar
