// A sink for fuzzers.
#pragma once

#include <cstdlib>

#include "space/space.hpp"
#include "thread/change.hpp"

namespace cityloom::space::testing {

/// Aborts on a broken geometry, decides changes as the record does, and keeps nothing.
class CheckingSink final : public space::ImportSink {
 public:
  twin::TermTable& terms() override { return terms_; }
  base::Result<thread::Outcomes> append(std::vector<thread::Change> changes) override {
    thread::Outcomes outcomes;
    for (const thread::Change& change : changes) {
      for (const twin::Attribute& attribute : change.attributes) {
        const auto* geometry = std::get_if<twin::Geometry>(&attribute.value);
        if (geometry != nullptr && !geometry->check()) std::abort();
      }
      std::vector<twin::Fact> facts;
      outcomes.push_back(thread::decide(change, {}, facts));
    }
    return outcomes;
  }
  base::Status each_of_source(twin::Term, std::string_view, const std::function<void(const twin::Entity&)>&) override {
    return {};
  }
  base::Result<std::string> put_asset(std::string_view bytes) override {
    if (bytes.size() > thread::asset_bytes_max) return base::fail(base::Code::too_large, "too large an asset");
    return thread::asset_name(bytes);
  }

 private:
  twin::TermTable terms_;
};

}  // namespace cityloom::space::testing
