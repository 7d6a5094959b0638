#include "serve/sta/past.hpp"

namespace cityloom::serve::sta {

base::Result<std::vector<thread::Change>> changes_of_past(const PastWrite& write) {
  const char* const what =
      write.kind == PastWrite::Kind::add ? "an observation older than the latest of its datastream is not taken yet"
      : write.kind == PastWrite::Kind::replace ? "only the latest observation of a datastream can be changed yet"
                                               : "observations cannot be taken out of the past yet";
  return base::fail(base::Code::unsupported, what,
                    write.instance.observed_at.exists() ? write.instance.observed_at.text() : "",
                    "send observations in the order of their times");
}

}  // namespace cityloom::serve::sta
