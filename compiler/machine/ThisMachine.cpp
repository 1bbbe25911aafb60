#include "compiler/machine/Host.h"
#include "compiler/machine/Machine.h"
#include "compiler/machine/ProfileText.h"
#include "compiler/support/Cache.h"
#include "compiler/support/Files.h"
#include "compiler/support/TorchModule.h"

#include "llvm/ADT/StringExtras.h"

namespace ashlar {
namespace {

/// To be raised when a probe measures something else than before.
constexpr llvm::StringLiteral ProbeVersion = "12";

/// What the rates depend on. Free memory is not part of it: it changes all the time.
std::string fingerprint(const Host &host) {
  std::string facts;
  llvm::raw_string_ostream(facts) << profile::Version << '\n'
                                  << ProbeVersion << '\n'
                                  << host.processor << '\n'
                                  << llvm::join(host.isa, " ") << '\n'
                                  << host.cores << '\n'
                                  << host.total.value << '\n'
                                  << torchModule();
  return digest(facts);
}

} // namespace

std::optional<Machine> thisMachine(Diagnostics &diags) {
  ProbeOptions options;
  // Whatever is wrong with the cache, the machine itself still knows the answer.
  Diagnostics quiet(llvm::nulls());
  std::optional<std::string> directory = cacheDirectory("", quiet);
  if (!directory) {
    diags.note("measuring this machine (kept nowhere: there is no cache directory)");
    return probe(options, diags);
  }
  std::string path = *directory + "/machine-" + fingerprint(readHost()) + ".yaml";
  if (std::optional<Machine> kept = readMachine(path, quiet)) {
    diags.remember(path);
    return kept;
  }

  diags.note("measuring this machine (kept in " + path + ")");
  options.diskDir = *directory; // where builds are kept as well
  std::optional<Machine> machine = probe(options, diags);
  if (!machine)
    return std::nullopt;
  std::string text;
  llvm::raw_string_ostream stream(text);
  print(*machine, stream);
  if (writeFile(path, text, quiet))
    diags.remember(path);
  return machine;
}

} // namespace ashlar
