/// What must not outlive the work that it is for: a file, or a directory with all that is in it.
#pragma once

#include <cstddef>
#include <string>

namespace ashlar {

/// Removes its path at the end of its life, and also when SIGINT, SIGTERM or SIGHUP ends the
/// process before.
class Temporary {
public:
  explicit Temporary(std::string path);
  ~Temporary();
  Temporary(const Temporary &) = delete;
  Temporary &operator=(const Temporary &) = delete;

  const std::string &path() const { return name; }
  /// It has become something else: nothing is removed any more.
  void keep();

private:
  std::string name;
  size_t slot; // where the handler of signals finds it
};

} // namespace ashlar
