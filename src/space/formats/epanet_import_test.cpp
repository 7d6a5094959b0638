// Networks of pipes, small and invented: units, places, and what is told of those that have none.
#include "space/formats/epanet_import.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "space/space.hpp"
#include "space/testing/memory_sink.hpp"

namespace cityloom::space {
namespace {

using ::testing::HasSubstr;
using testing::MemorySink;
using twin::Value;

// Two junctions 100 units apart, a pipe and a pump between them.
std::string network(const std::string& options, const std::string& coordinates = " a 0 0\r\n b 100 0\r\n") {
  return "[TITLE]\r\n[JUNCTIONS]\r\n;ID Elev Demand\r\n a 10 5\r\n b 20\r\n[PIPES]\r\n p a b 100 8 130 0 Open ;\r\n"
         "[PUMPS]\r\n u a b POWER 10\r\n[OPTIONS]\r\n" +
         options + "[COORDINATES]\r\n" + coordinates + "[END]\r\n";
}

base::Result<ImportReport> import(MemorySink& sink, const std::string& bytes) {
  ImportOptions options;
  options.placement = Placement{127, 37.5, 30, 0};
  return import_bytes("net.inp", bytes, sink, options);
}

double number(const MemorySink& sink, const std::string& id, const std::string& name) {
  return twin::as_number(sink.value("urn:ngsi-ld:" + id, name));
}

TEST(EpanetImport, TheUnitOfFlowSaysTheOthers) {
  for (const char* unit : {"LPS", "CMH", "cms", "GPM", "IMGD", ""}) {
    const bool is_metric = std::string_view(unit) == "LPS" || std::string_view(unit) == "CMH" || unit[0] == 'c';
    MemorySink sink;
    const auto report = import(sink, network(*unit == '\0' ? "" : std::string(" Units ") + unit + "\r\n"));
    ASSERT_TRUE(report.ok()) << report.error().text();
    EXPECT_EQ(report->warnings_count, 0u) << unit;
    EXPECT_NEAR(number(sink, "Pipe:net-p", "length"), is_metric ? 100 : 30.48, 1e-6) << unit;
    EXPECT_NEAR(number(sink, "Pipe:net-p", "diameter"), is_metric ? 8 : 203.2, 1e-6) << unit;
    EXPECT_NEAR(number(sink, "WaterNetworkNode:net-b", "elevation"), is_metric ? 20 : 6.096, 1e-6) << unit;
    EXPECT_NEAR(number(sink, "Pump:net-u", "power"), is_metric ? 10 : 7.45699872, 1e-6) << unit << ": kW";
  }
}

TEST(EpanetImport, AnUnknownUnitIsTold) {
  MemorySink sink;
  const auto report = import(sink, network(" UNITS furlongs\r\n"));
  ASSERT_TRUE(report.ok()) << report.error().text();
  ASSERT_EQ(report->warnings.size(), 1u);
  EXPECT_THAT(report->warnings[0].reason, HasSubstr("FURLONGS"));
  EXPECT_NEAR(number(sink, "Pipe:net-p", "length"), 30.48, 1e-6);
}

TEST(EpanetImport, ANetworkWithoutCoordinatesIsToldOnce) {
  MemorySink sink;
  const auto report = import(sink, network("", ""));
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, base::Code::unsupported);
  EXPECT_THAT(report.error().text(), HasSubstr("None of the network's 2 nodes has coordinates"));
  // One that has some is taken as far as they go.
  const auto some = import(sink, network("", " a 0 0\r\n"));
  ASSERT_TRUE(some.ok()) << some.error().text();
  EXPECT_EQ(sink.count("WaterNetworkNode"), 1u);
  EXPECT_EQ(some->warnings_count, 3u) << "of b, the pipe and the pump";
}

}  // namespace
}  // namespace cityloom::space
