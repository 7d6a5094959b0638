// The golden exchanges of the NGSI-LD door, each file against a server of its own.
#include "serve/ngsi/api.hpp"

#include <gtest/gtest.h>

#include "serve/golden_test.hpp"
#include "serve/ngsi/hub_fixture_test.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

class NgsiGolden : public testing::TestWithParam<const char*> {};

TEST_P(NgsiGolden, Exchanges) {
  HubServer hub;
  const std::string file = std::string("src/serve/ngsi/golden/") + GetParam() + ".txt";
  play_golden(file, hub.port(), {}, [&hub](const GoldenExchange&) { hub.clock().advance_us(1'000'000); });
}

INSTANTIATE_TEST_SUITE_P(Files, NgsiGolden,
                         testing::Values("entities", "attributes", "batch", "queries", "temporal", "subscriptions",
                                         "contexts", "discovery", "errors", "linked", "linked_queries", "snapshots",
                                         "entity_maps", "conformance", "temporal_writes", "observations",
                                         "registrations", "source_subscriptions", "models", "retention"),
                         [](const auto& file) { return std::string(file.param); });

}  // namespace
}  // namespace cityloom::serve::ngsi_ld
