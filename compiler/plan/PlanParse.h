/// The reader of plan text: what its two files share. PlanParse.cpp knows which lines may stand
/// where, PlanLines.cpp what stands in each of them.
#pragma once

#include "compiler/plan/LineScanner.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace ashlar::plan {

using Names = llvm::StringMap<uint32_t>;

/// Reads one plan. There is a function for each kind of line; names are known from the line that
/// declares them on, so that every reference is an index when it is read.
struct Parser {
  LineScanner line;
  Plan plan;
  Names memories, processors, frames, units, phases, predictions;
  llvm::StringMap<Place> regions; // of the first byte of each
  llvm::StringSet<> values;       // of the last frame

  Parser(llvm::StringRef text, Diagnostics &diags) : line(text, diags) {}

  bool parse();
  void header();

  void model();
  void workload();
  void machine();
  void memory();
  void region();
  void processor();
  void frame();
  void value();
  void unit();
  void weight();
  void shares();
  void slot();
  void cache();
  void schedule();
  void read();
  void copy();
  void send();
  void run();
  void predict();
  void end();

  void declare(Names &names, const std::string &name, const char *what) {
    if (!names.try_emplace(name, names.size()).second)
      line.error(line.nameAt(), llvm::Twine("there is a ") + what + " '" + name + "' already");
  }
  uint32_t known(const Names &names, const std::string &name, llvm::SMLoc at, const char *what) {
    auto found = names.find(name);
    if (found != names.end())
      return found->second;
    unknown({names.keys().begin(), names.keys().end()}, name, at, what);
    return 0;
  }
  uint32_t reference(const Names &names, llvm::StringRef key, const char *what) {
    std::string name = line.string(key);
    return line.failed() ? 0 : known(names, name, line.valueAt(key), what);
  }
  void unknown(std::vector<llvm::StringRef> known, const std::string &name, llvm::SMLoc at,
               const char *what);
  Place place(llvm::StringRef region, uint64_t offset, llvm::SMLoc at);
  Place place(llvm::StringRef key); // region+offset
  Place placeOfTwoKeys();           // region=… offset=…
  DataType dataType(llvm::ArrayRef<DataType> types);
  void after(Step &step);
};

} // namespace ashlar::plan
