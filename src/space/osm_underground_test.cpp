// Tags of things under the ground.
#include "space/osm_underground.hpp"

#include <gtest/gtest.h>

#include "space/testing/memory_sink.hpp"

namespace cityloom::space {
namespace {

using testing::MemorySink;
using twin::Value;

TEST(OsmUnderground, PipesCablesTunnelsAndBasements) {
  MemorySink sink;
  const std::string bytes = R"(<osm version='0.6'>
    <node id='1' lat='37.5' lon='127.1'/><node id='2' lat='37.5' lon='127.101'/>
    <node id='3' lat='37.501' lon='127.101'/><node id='4' lat='37.501' lon='127.1'/>
    <way id='1'><nd ref='1'/><nd ref='2'/><tag k='man_made' v='pipeline'/><tag k='substance' v='gas'/>
      <tag k='diameter' v='500'/><tag k='operator' v='한국가스공사'/><tag k='start_date' v='1998'/></way>
    <way id='2'><nd ref='2'/><nd ref='3'/><tag k='man_made' v='pipeline'/><tag k='location' v='overground'/></way>
    <way id='3'><nd ref='1'/><nd ref='3'/><tag k='power' v='cable'/><tag k='voltage' v='154000;22900'/></way>
    <way id='4'><nd ref='1'/><nd ref='4'/><tag k='railway' v='subway'/><tag k='tunnel' v='yes'/></way>
    <way id='5'><nd ref='1'/><nd ref='4'/><tag k='waterway' v='stream'/><tag k='tunnel' v='culvert'/></way>
    <way id='6'><nd ref='1'/><nd ref='2'/><tag k='highway' v='primary'/><tag k='tunnel' v='yes'/></way>
    <way id='7'><nd ref='1'/><nd ref='2'/><nd ref='3'/><nd ref='4'/><nd ref='1'/><tag k='building' v='yes'/>
      <tag k='building:levels:underground' v='3'/></way></osm>)";
  const auto report = import_bytes("a.osm", bytes, sink);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(sink.count("Pipe"), 1u);
  EXPECT_EQ(sink.value("urn:ngsi-ld:Pipe:osm-way-1", "network"), Value(std::string("gas")));
  EXPECT_EQ(sink.value("urn:ngsi-ld:Pipe:osm-way-1", "diameter"), Value(int64_t{500}));
  EXPECT_EQ(sink.value("urn:ngsi-ld:Pipe:osm-way-1", "owner"), Value(std::string("한국가스공사")));
  EXPECT_EQ(sink.value("urn:ngsi-ld:Cable:osm-way-3", "voltage"), Value(int64_t{154'000}));
  EXPECT_EQ(sink.count("Tunnel"), 2u);
  EXPECT_EQ(sink.count("RoadSegment"), 1u);
  EXPECT_NEAR(twin::as_number(sink.value("urn:ngsi-ld:Basement:osm-way-7", "height")), 9.6, 1e-9);
  EXPECT_EQ(sink.value("urn:ngsi-ld:Basement:osm-way-7", "partOf"),
            Value(std::string("urn:ngsi-ld:Building:osm-way-7")));
  EXPECT_EQ(import_bytes("a.osm", bytes, sink)->imported, 0u);
}

}  // namespace
}  // namespace cityloom::space
