#include "compiler/machine/Host.h"
#include "compiler/machine/Machine.h"
#include "compiler/machine/ProfileText.h"
#include "compiler/support/Files.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"

#include <cstdlib>

namespace ashlar {
namespace {

/// To be raised when a probe measures something else than before.
constexpr llvm::StringLiteral ProbeVersion = "1";

/// The directory for what the tool can make again, or nothing where the environment names none.
std::string cacheDirectory() {
  const char *cache = std::getenv("XDG_CACHE_HOME");
  if (cache && cache[0] == '/') // a relative one is to be ignored
    return std::string(cache) + "/ashlar";
  const char *home = std::getenv("HOME");
  return home && home[0] == '/' ? std::string(home) + "/.cache/ashlar" : std::string();
}

/// What the rates depend on. Free memory is not part of it: it changes all the time.
std::string fingerprint(const Host &host) {
  std::string facts;
  llvm::raw_string_ostream(facts) << profile::Version << '\n'
                                  << ProbeVersion << '\n'
                                  << host.processor << '\n'
                                  << llvm::join(host.isa, " ") << '\n'
                                  << host.cores << '\n'
                                  << host.total.value;
  return digest(facts);
}

} // namespace

std::optional<Machine> thisMachine(Diagnostics &diags) {
  ProbeOptions options;
  std::string directory = cacheDirectory();
  if (directory.empty() || llvm::sys::fs::create_directories(directory)) {
    diags.note("measuring this machine (kept nowhere: there is no cache directory)");
    return probe(options, diags);
  }
  // Whatever is wrong with the cache, the machine itself still knows the answer.
  Diagnostics quiet(llvm::nulls());
  std::string path = directory + "/machine-" + fingerprint(readHost()) + ".yaml";
  if (llvm::sys::fs::exists(path))
    if (std::optional<Machine> kept = readMachine(path, quiet))
      return kept;

  diags.note("measuring this machine (kept in " + path + ")");
  options.diskDir = directory; // where builds are kept as well
  std::optional<Machine> machine = probe(options, diags);
  if (!machine)
    return std::nullopt;
  std::string text;
  llvm::raw_string_ostream stream(text);
  print(*machine, stream);
  writeFile(path, text, quiet);
  return machine;
}

} // namespace ashlar
