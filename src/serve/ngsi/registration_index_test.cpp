// The index finds what looking at every registration finds.
#include "serve/ngsi/registration_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace cityloom::serve::ngsi_ld {
namespace {

std::string number(const char* prefix, uint64_t value) {
  return prefix + std::to_string(value);
}

TEST(RegistrationIndex, FindsWhatMatches) {
  std::mt19937_64 chance(7);  // NOLINT: the same every time
  const auto below = [&](uint64_t most) { return chance() % most; };
  std::vector<std::unique_ptr<ngsi::Registration>> all;
  RegistrationIndex index;
  for (int i = 0; i < 2'000; ++i) {
    auto made = std::make_unique<ngsi::Registration>();
    made->id = number("urn:r:", static_cast<uint64_t>(i));
    ngsi::RegistrationInfo info;
    for (uint64_t n = below(3); n > 0; --n) {
      ngsi::EntityInfo entity;
      entity.types = {number("T", below(200))};
      if (below(2) == 0) entity.id = number("urn:e:", below(100));
      if (entity.id.empty() && below(2) == 0)
        entity.pattern = *twin::make_pattern(entity.id_pattern = number("urn:e:", below(10)));
      info.entities.push_back(std::move(entity));
    }
    for (uint64_t n = below(3); n > 0 || (info.entities.empty() && info.properties.empty()); n -= n > 0 ? 1 : 0)
      info.properties.push_back(number("a", below(50)));
    made->information.push_back(std::move(info));
    index.add(made.get());
    all.push_back(std::move(made));
  }
  const auto check = [&] {
    for (int i = 0; i < 500; ++i) {
      ngsi::SourceQuery query;
      if (below(2) == 0) query.ids = {number("urn:e:", below(100))};
      for (uint64_t n = below(3); n > 0; --n) query.types.push_back({number("T", below(200))});
      for (uint64_t n = below(3); n > 0; --n) query.attributes.push_back(number("a", below(50)));
      std::vector<const ngsi::Registration*> wanted;
      for (const auto& one : all) {
        if (one && ngsi::matches(query, *one)) wanted.push_back(one.get());
      }
      auto found = index.find(query);
      std::sort(found.begin(), found.end());
      std::sort(wanted.begin(), wanted.end());
      ASSERT_EQ(found, wanted);
    }
  };
  check();
  for (auto& one : all) {
    if (below(2) == 0) continue;
    index.remove(one.get());
    one.reset();
  }
  check();
}

}  // namespace
}  // namespace cityloom::serve::ngsi_ld
