#include "compiler/link/Link.h"
#include "compiler/link/Toolchain.h"
#include "compiler/machine/Machine.h"
#include "compiler/support/Embedded.h"
#include "compiler/support/Files.h"
#include "compiler/support/Temporary.h"

#include "runtime/FileBytes.h"
#include "runtime/PackFormat.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ashlar {

static constexpr Bytes MaxProgram{uint64_t(1) << 30}; // without its pack

static bool writeTree(const std::string &directory, const std::vector<SourceFile> &files,
                      Diagnostics &diags) {
  for (const SourceFile &file : files) {
    llvm::SmallString<256> path(directory);
    llvm::sys::path::append(path, file.path);
    if (auto error = llvm::sys::fs::create_directories(llvm::sys::path::parent_path(path))) {
      diags.error(Exit::InputOutput, path, "cannot be created: " + error.message());
      return false;
    }
    if (!writeIfChanged(path.str().str(), file.text, diags))
      return false;
  }
  return true;
}

/// The headers that emitted code includes, and the runtime as an archive that is built already.
static std::vector<SourceFile> buildInputs() {
  std::vector<SourceFile> files;
  for (const EmbeddedFile &file : embeddedFiles())
    if (file.path.ends_with(".a") ||
        (file.path.ends_with(".h") &&
         (file.path.starts_with("runtime/") || file.path.starts_with("templates/cpu/"))))
      files.push_back({file.path.str(), file.bytes.str()});
  return files;
}

static std::vector<CompilerRun> compileRuns(const std::vector<SourceFile> &sources,
                                            const plan::Plan &plan, const std::string &directory,
                                            std::vector<std::string> &objects) {
  Processor processor;
  processor.isa = plan.cpu()->isa;
  std::vector<CompilerRun> runs;
  for (const SourceFile &source : sources) {
    if (!llvm::StringRef(source.path).ends_with(".cpp"))
      continue;
    std::string object = directory + "/" + source.path + ".o";
    CompilerRun run{source.path, {"-std=c++20", "-O2", "-I" + directory, "-c"}};
    if (takesInstructions(source))
      for (const std::string &flag : compilerFlags(processor))
        run.arguments.push_back(flag);
    run.arguments.push_back(directory + "/" + source.path);
    run.arguments.push_back("-o");
    run.arguments.push_back(object);
    objects.push_back(object);
    runs.push_back(std::move(run));
  }
  return runs;
}

/// Copies the linked program into `file`; returns its length, or nothing after an error.
static std::optional<uint64_t> copyProgram(const std::string &program, int file,
                                           llvm::StringRef app, Diagnostics &diags) {
  std::optional<llvm::StringRef> bytes = readText(program, MaxProgram, diags);
  if (!bytes)
    return std::nullopt;
  if (!writeAll(file, bytes->data(), bytes->size())) {
    diags.error(Exit::InputOutput, app, llvm::formatv("cannot be written: {0}", strerror(errno)));
    return std::nullopt;
  }
  return bytes->size();
}

bool linkApp(const std::string &app, const std::vector<SourceFile> &sources,
             const PackContents &contents, const LinkOptions &options,
             std::vector<QuantizedWeight> &quantized, Diagnostics &diags) {
  std::optional<std::string> compiler = findCompiler(options, diags);
  if (!compiler)
    return false;
  llvm::SmallString<128> directory;
  llvm::sys::path::system_temp_directory(/*ErasedOnReboot=*/true, directory);
  llvm::sys::path::append(directory, "ashlar-unfinished-");
  Temporary temporary(directory.str().str(), Temporary::Kind::Directory);
  if (!temporary) {
    diags.error(Exit::InputOutput, "",
                llvm::formatv("no temporary directory: {0}", strerror(errno)));
    return false;
  }
  const std::string &root = temporary.path();
  std::string program = root + "/app";
  if (!writeTree(root, sources, diags) || !writeTree(root, buildInputs(), diags))
    return false;

  std::vector<std::string> objects;
  std::vector<CompilerRun> runs = compileRuns(sources, contents.plan, root, objects);
  if (!runCompiler(*compiler, runs, root, options, diags))
    return false;
  CompilerRun link{"the app", objects};
  link.arguments.push_back(root + "/lib/libashlar_runtime.a");
  for (const char *argument : {"-o", program.c_str(), "-Wl,--gc-sections", "-static-libstdc++",
                               "-static-libgcc", "-pthread", "-s"})
    link.arguments.push_back(argument);
  if (!runCompiler(*compiler, {link}, root, options, diags))
    return false;

  auto write = [&](int file) {
    std::optional<uint64_t> length = copyProgram(program, file, app, diags);
    if (!length || !options.append)
      return length.has_value();
    return writePack(file, alignUp(*length, PackAlignment), app, contents, quantized, diags);
  };
  auto packBeside = [&] {
    return options.append || writePackFile(app + ".pack", contents, quantized, diags);
  };
  return replaceFile(app, 0755, diags, write, packBeside);
}

bool writeProject(const std::string &directory, const std::vector<SourceFile> &sources,
                  const PackContents &contents, std::vector<QuantizedWeight> &quantized,
                  Diagnostics &diags) {
  return writeTree(directory, sources, diags) &&
         writeTree(directory, emitProject(contents.plan), diags) &&
         writeFile(directory + "/model.plan", plan::text(contents.plan), diags) &&
         writePackFile(directory + "/model.pack", contents, quantized, diags);
}

} // namespace ashlar
