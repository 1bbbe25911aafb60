#include "runtime/app/Verbs.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ashlar {

/// The head of a .npy file: version 1.0, padded so that the numbers start at a multiple of 64.
static std::string npyHeader(uint64_t rows, uint64_t columns) {
  std::string dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(rows) +
                     ", " + std::to_string(columns) + "), }";
  dict.resize((10 + dict.size() + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  dict += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += char(dict.size() & 255);
  header += char(dict.size() >> 8);
  return header + dict;
}

namespace {
struct Writing {
  int file;
  uint64_t bytes; // of a row
  Failure failure;
};
} // namespace

Failure logits(const ModelInfo &model, const AppOptions &options) {
  if (options.output.empty() && isatty(STDOUT_FILENO))
    return {ExitCode::BadInput, "logits are not for a terminal", "name a file with -o out.npy"};
  if (Failure f = checkPrompt(model, options))
    return f;
  Session session(model);
  if (Failure f = session.open(options.weights))
    return f;
  std::vector<int32_t> ids;
  if (Failure f = promptIds(session, options, ids))
    return f;

  const char *name = options.output.empty() ? "standard output" : options.output.c_str();
  int file = STDOUT_FILENO;
  if (!options.output.empty())
    file = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0)
    return {ExitCode::InputOutput, options.output + ": cannot be written: " + strerror(errno), ""};
  std::string header = npyHeader(ids.size(), model.vocabulary);
  Writing writing{file, model.vocabulary * sizeof(float), {}};
  writing.failure = put(file, header.data(), header.size(), name);
  Failure appended = session.append(
      ids,
      [](void *context, uint64_t, const float *row) {
        auto &w = *static_cast<Writing *>(context);
        if (!w.failure)
          w.failure = put(w.file, row, w.bytes, "the logits");
      },
      &writing);
  if (file != STDOUT_FILENO && close(file) != 0 && !writing.failure)
    writing.failure = {ExitCode::InputOutput, options.output + ": cannot be written", ""};
  return appended ? appended : writing.failure;
}

} // namespace ashlar
