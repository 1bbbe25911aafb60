#include "compiler/link/Toolchain.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Threading.h"

#include <deque>
#include <unistd.h>

namespace ashlar {

std::optional<std::string> findCompiler(const LinkOptions &options, Diagnostics &diags) {
  std::vector<std::string> names = {"c++", "g++", "clang++"};
  if (!options.compiler.empty())
    names = {options.compiler};
  for (const std::string &name : names)
    if (auto path = llvm::sys::findProgramByName(name))
      return *path;
  diags.error(Exit::InputOutput, "",
              "no C++ compiler: " + llvm::join(names, ", ") + " not found on the path");
  diags.note("install one (apt-get install g++), or name it with --cxx PATH");
  return std::nullopt;
}

namespace {
struct Running {
  const CompilerRun *run;
  llvm::sys::ProcessInfo process;
  std::string log;
};
} // namespace

static bool finish(Running &running, Diagnostics &diags) {
  std::string message;
  auto result = llvm::sys::Wait(running.process, std::nullopt, &message);
  if (result.ReturnCode == 0)
    return true;
  std::string said;
  if (auto log = llvm::MemoryBuffer::getFile(running.log))
    said = (*log)->getBuffer().take_front(20000).rtrim().str();
  diags.error(Exit::Internal, running.run->what,
              "the C++ compiler failed on what ashlar emitted" +
                  (message.empty() ? "" : ": " + message) + "\n" + said);
  return false;
}

/// Ours, but that temporary files go to a directory that is removed with all that is in it: a
/// compiler that is killed leaves its own behind.
static std::vector<std::string> environmentIn(const std::string &directory) {
  std::vector<std::string> variables = {"TMPDIR=" + directory};
  for (char **at = environ; *at; ++at)
    if (!llvm::StringRef(*at).starts_with("TMPDIR="))
      variables.push_back(*at);
  return variables;
}

bool runCompiler(const std::string &compiler, const std::vector<CompilerRun> &runs,
                 const std::string &directory, const LinkOptions &options, Diagnostics &diags) {
  unsigned jobs = options.jobs ? options.jobs : llvm::hardware_concurrency().compute_thread_count();
  std::vector<std::string> variables = environmentIn(directory);
  std::vector<llvm::StringRef> environment(variables.begin(), variables.end());
  std::deque<Running> running;
  bool ok = true;
  auto takeOne = [&] {
    ok &= finish(running.front(), diags);
    running.pop_front();
  };
  for (auto [at, run] : llvm::enumerate(runs)) {
    if (running.size() >= jobs)
      takeOne();
    std::vector<llvm::StringRef> arguments = {compiler};
    arguments.insert(arguments.end(), run.arguments.begin(), run.arguments.end());
    if (options.verbose)
      llvm::errs() << llvm::join(arguments, " ") << '\n';
    std::string log = llvm::formatv("{0}/compiler-{1}.log", directory, at), message;
    std::optional<llvm::StringRef> redirects[] = {llvm::StringRef(""), llvm::StringRef(log),
                                                  llvm::StringRef(log)};
    auto process =
        llvm::sys::ExecuteNoWait(compiler, arguments, environment, redirects, 0, &message);
    if (!process.Pid) {
      diags.error(Exit::InputOutput, compiler, "cannot be run: " + message);
      ok = false;
      break;
    }
    running.push_back({&run, process, log});
  }
  while (!running.empty())
    takeOne();
  if (diags.exit() == Exit::Internal)
    diags.note("this is a bug of ours or of the compiler, not of your input; please report it with "
               "the command line");
  return ok;
}

} // namespace ashlar
