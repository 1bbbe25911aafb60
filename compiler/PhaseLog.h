/// What the phases make, shown while they pass: the one that was asked for becomes the command's
/// result, others go to standard error (`--print-after`), and so does the time of each
/// (`--time-phases`).
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ashlar {

/// What `--emit=` may name, in the order of the phases.
enum class Emit : uint8_t {
  Spec,
  Tensors,
  Model,
  Sizes,
  Budgets,
  DeviceMap,
  Units,
  Problem,
  Placement,
  Schedule,
  Arena,
  Plan,
  Report,
  Sources,
};
llvm::StringRef name(Emit emit);
/// In a few words: for help.
llvm::StringRef describe(Emit emit);
llvm::ArrayRef<Emit> allEmits();
/// Whether it can be printed as JSON; what cannot is text in a language of its own.
bool hasJson(Emit emit);

/// What to show on the way.
struct Watch {
  std::vector<Emit> printAfter;
  bool printAfterAll = false;
  bool timePhases = false;
};

class PhaseLog {
public:
  /// `wanted`: the result that ends the command; nothing: it does not end early.
  /// It is in JSON if that is asked for; what is shown on the way is for people, and text.
  PhaseLog(Watch watch, std::optional<Emit> wanted, bool json = false)
      : watch(std::move(watch)), wanted(wanted), json(json) {}

  /// A phase begins, and the one before it ends.
  void begin(llvm::StringRef phase);
  /// The last one ends: prints the times, if they are wanted.
  void end();

  /// Prints what was made, as far as it is asked for; tells whether it is the result.
  template <class Print, class PrintJson> bool made(Emit what, Print print, PrintJson printJson) {
    if (watch.printAfterAll || isWatched(what)) {
      llvm::errs() << "--- " << name(what) << '\n';
      print(llvm::errs());
    }
    if (wanted != what)
      return false;
    llvm::raw_string_ostream stream(text);
    llvm::raw_ostream &out = stream;
    json ? printJson(out) : print(out);
    return true;
  }
  /// The same for what has one form.
  template <class Print> bool made(Emit what, Print print) { return made(what, print, print); }

  bool isWanted(Emit what) const { return wanted == what; }

  std::string text; // of the result

private:
  bool isWatched(Emit what) const;
  struct Time {
    std::string phase;
    std::chrono::steady_clock::duration passed;
  };
  Watch watch;
  std::optional<Emit> wanted;
  bool json;
  std::vector<Time> times;
  std::chrono::steady_clock::time_point began;
};

} // namespace ashlar
