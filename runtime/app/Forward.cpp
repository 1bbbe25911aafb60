/// The verb of models that read rows.
#include "runtime/app/Npy.h"
#include "runtime/app/Verbs.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace ashlar {

static Failure begin(OutputFile &output, const std::string &path, const std::string &header) {
  if (Failure f = output.open(path))
    return f;
  return output.write(header.data(), header.size());
}

/// What may stand in the output's place stays until there are results: weights come with the first.
static Failure allRows(Session &session, const NpyReader &input, const std::string &path) {
  OutputFile output;
  uint64_t columns = session.model.outputColumns;
  std::string header = npyHeader(input.rows(), columns);
  if (input.rows() == 0)
    if (Failure f = begin(output, path, header))
      return f;
  for (uint64_t done = 0; done < input.rows();) {
    auto take = uint32_t(std::min<uint64_t>(session.model.chunk, input.rows() - done));
    if (Failure f = input.read(done, take, session.input().data()))
      return f;
    if (Failure f = session.forward(take))
      return f;
    if (done == 0)
      if (Failure f = begin(output, path, header))
        return f;
    if (Failure f = output.write(session.output().data(), take * columns * sizeof(float)))
      return f;
    done += take;
  }
  return output.close();
}

Failure forward(const ModelInfo &model, const AppOptions &options) {
  if (options.input.empty())
    return {ExitCode::BadInput, "no input", "name the rows with --input x.npy"};
  if (options.output.empty() && isatty(STDOUT_FILENO))
    return {ExitCode::BadInput, "rows are not for a terminal", "name a file with -o y.npy"};
  NpyReader input;
  if (Failure f = input.open(options.input, model.inputColumns))
    return f;
  if (!options.output.empty() && input.isFile(options.output))
    return {ExitCode::BadInput,
            options.output + ": is the input, which is read while this is written",
            "name another file with -o"};
  uint64_t start = now();
  Session session(model);
  if (Failure f = session.open(options.weights, options.torchModule))
    return f;
  if (Failure f = checkOutput(session, options))
    return f;
  uint64_t loaded = now();
  if (Failure f = allRows(session, input, options.output))
    return f;
  // The first step reads the weights.
  auto load = uint64_t(session.loadNanos());
  uint64_t nanos = now() - loaded - load;
  std::fprintf(stderr, "load     %8.1f ms\n", double(loaded - start + load) / 1e6);
  std::fprintf(
      stderr, "forward  %8.1f ms  %5llu rows  %9.1f rows/s, predicted %.1f\n", double(nanos) / 1e6,
      (unsigned long long)input.rows(), nanos ? double(input.rows()) * 1e9 / double(nanos) : 0,
      model.predictedForwardNanos ? double(model.chunk) * 1e9 / double(model.predictedForwardNanos)
                                  : 0);
  return {};
}

} // namespace ashlar
