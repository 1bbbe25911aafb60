/// A machine profile as it is written: every value a piece of text with its place, so that what is
/// wrong with it can be said where it stands. Only the YAML itself has been checked: its syntax,
/// its keys, and where one value or a list is expected.
#pragma once

#include "compiler/support/Diagnostics.h"

#include <optional>
#include <string>
#include <vector>

namespace ashlar::profile {

/// One value. Without a place it was not given.
struct Scalar {
  std::string text;
  llvm::SMLoc at;
  explicit operator bool() const { return at.isValid(); }
};

struct Rate {
  llvm::SMLoc at;
  Scalar kernel, type, provider, within, latency, read, compute, ahead;
};

struct Memory {
  llvm::SMLoc at;
  Scalar name, capacity;
};

struct Processor {
  llvm::SMLoc at;
  Scalar name, kind, memory, threads, torch;
  std::vector<Scalar> isa;
  std::vector<Rate> rates;
};

struct Link {
  llvm::SMLoc at;
  Scalar name, from, to, latency, rate;
};

struct Limit {
  llvm::SMLoc at;
  Scalar name, rate;
  std::vector<Scalar> links;
};

struct Disk {
  llvm::SMLoc at;
  Scalar name, path, latency, rate;
};

struct Text {
  llvm::SMLoc at;
  Scalar version, name;
  std::vector<Memory> memories;
  std::vector<Processor> processors;
  std::vector<Link> links;
  std::vector<Limit> limits;
  std::vector<Disk> disks;
};

/// The version of the format: the value of the key `ashlar-machine`.
inline constexpr llvm::StringLiteral Version = "1";

/// `text` is part of the diagnostics' source manager and `file` is its name there.
std::optional<Text> parse(llvm::StringRef text, llvm::StringRef file, Diagnostics &diags);

} // namespace ashlar::profile
