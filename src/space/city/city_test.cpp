// City models: small files in which one thing matters, and real ones against coordinates computed apart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "space/city/body.hpp"
#include "space/city/city_crs.hpp"
#include "space/city/city_entity.hpp"
#include "space/city/citygml_import.hpp"
#include "space/city/image_source.hpp"
#include "space/earth.hpp"
#include "space/space.hpp"
#include "space/testing/memory_sink.hpp"

namespace cityloom::space {
namespace {

using ::testing::HasSubstr;
using testing::MemorySink;
using twin::Value;

ImportReport import(MemorySink& sink, const std::string& name, const std::string& bytes, ImportOptions options = {}) {
  auto report = import_bytes(name, bytes, sink, options);
  EXPECT_TRUE(report.ok()) << (report ? "" : report.error().text());
  return report ? *report : ImportReport{};
}

Body body_in(const MemorySink& sink, const std::string& id) {
  const twin::Attribute* attribute = sink.attribute(id, "body");
  if (attribute == nullptr) return {};
  auto body = body_of(*attribute, Vocabulary::find(const_cast<MemorySink&>(sink).terms()));
  return body ? *body : Body{};
}

twin::Geometry location_in(const MemorySink& sink, const std::string& id) {
  const Value value = sink.value(id, "location");
  const auto* geometry = std::get_if<twin::Geometry>(&value);
  return geometry == nullptr ? twin::Geometry{} : *geometry;
}

std::string reason_in(const ImportReport& report, const std::string& object) {
  std::string reasons;
  for (const auto& warning : report.warnings) {
    if (warning.object == object) reasons += warning.reason + "; ";
  }
  return reasons;
}

// A box of 10 m x 20 m x 5 m at a corner, as CityJSON in whole metres of EPSG:25833.
std::string cityjson(const std::string& objects, const std::string& more = "",
                     const std::string& crs = "https://www.opengis.net/def/crs/EPSG/0/25833") {
  return R"({"type":"CityJSON","version":"2.0","transform":{"scale":[0.001,0.001,0.001],"translate":[390000,5819000,30]},)"
         R"("metadata":{"referenceSystem":")" +
         crs + R"("},"CityObjects":{)" + objects + "}," + more +
         R"("vertices":[[0,0,0],[10000,0,0],[10000,20000,0],[0,20000,0],[0,0,5000],[10000,0,5000],[10000,20000,5000],)"
         R"([0,20000,5000]]})";
}

const std::string box_faces = "[[[[0,3,2,1]],[[4,5,6,7]],[[0,1,5,4]],[[1,2,6,5]],[[2,3,7,6]],[[3,0,4,7]]]]";
const std::string box_semantics =
    R"("semantics":{"surfaces":[{"type":"GroundSurface"},{"type":"RoofSurface"},{"type":"WallSurface"}],)"
    R"("values":[[0,1,2,2,2,2]]})";

std::string box(const std::string& id, const std::string& more = "") {
  return "\"" + id + R"(":{"type":"Building",)" + more + R"("geometry":[{"type":"Solid","lod":"2","boundaries":)" +
         box_faces + "," + box_semantics + "}]}";
}

const std::string box_id = "urn:ngsi-ld:Building:a-building-of-boxes";

TEST(CityJson, ABoxBecomesABodyAFootprintAndAHeight) {
  MemorySink sink;
  const auto report = import(sink, "box.city.json", cityjson(box("a-building-of-boxes")));
  EXPECT_EQ(report.imported, 1u);
  const Body body = body_in(sink, box_id);
  EXPECT_EQ(body.lod, "2");
  ASSERT_EQ(body.types.size(), 6u);
  EXPECT_EQ(surface_types_json(body.types), R"([["ground",1],["roof",1],["wall",4]])");
  const auto location = location_in(sink, box_id);
  EXPECT_EQ(location.kind, twin::GeometryKind::polygon);
  ASSERT_EQ(location.positions.size(), 5u);
  EXPECT_FALSE(location.positions[0].has_height());
  // EPSG:25833 390000 5819000 by cs2cs (PROJ 9.1): 52.510008744 13.379142551. Rings begin at their westernmost corner.
  EXPECT_NEAR(location.positions[0].latitude_deg, 52.510008744, 2e-4);
  EXPECT_EQ(sink.value(box_id, "height"), Value(int64_t{5}));
  EXPECT_EQ(sink.attribute(box_id, "height")->members[0].value, Value(std::string("model")));
  EXPECT_NEAR(distance_m(location.positions[0], location.positions[1]) +
                  distance_m(location.positions[1], location.positions[2]),
              30, 0.05);
}

TEST(CityJson, AgainNothingChangesAndOneChangeIsOneFact) {
  MemorySink sink;
  const std::string first =
      cityjson(box("a-building-of-boxes") + "," + box("another-building", R"("attributes":{"function":"x"},)"));
  import(sink, "box.city.json", first);
  const auto again = import(sink, "box.city.json", first);
  EXPECT_EQ(again.imported, 0u);
  EXPECT_EQ(again.unchanged, 2u);
  const uint64_t facts = sink.facts_count;
  const auto changed =
      import(sink, "box.city.json", cityjson(box("a-building-of-boxes", R"("attributes":{"storeysAboveGround":3},)")));
  EXPECT_EQ(changed.imported, 1u);
  EXPECT_EQ(changed.removed, 1u);
  EXPECT_EQ(sink.value(box_id, "levels"), Value(int64_t{3}));
  EXPECT_EQ(sink.facts_count - facts, 2u);
}

TEST(CityJson, AttributesUnderNamesOfOursAndTheOthersTogether) {
  MemorySink sink;
  import(
      sink, "box.city.json",
      cityjson(box(
          "a-building-of-boxes",
          R"("attributes":{"measuredHeight":12.5,"roofType":"1030","function":"office","yearOfConstruction":"1994-05-01",)"
          R"("colour of door":"red","rank":7},"address":[{"Country":"DE","Locality":"Berlin","ThoroughfareName":"Am Ring","ThoroughfareNumber":"5"}],)")));
  EXPECT_EQ(sink.value(box_id, "height"), Value(12.5));
  EXPECT_EQ(sink.attribute(box_id, "height")->members[0].value, Value(std::string("measured")));
  EXPECT_EQ(sink.value(box_id, "roofShape"), Value(std::string("gabled")));
  EXPECT_EQ(sink.value(box_id, "category"), Value(std::string("office")));
  EXPECT_EQ(sink.value(box_id, "yearOfConstruction"), Value(int64_t{1994}));
  EXPECT_EQ(sink.value(box_id, "genericAttributes"), Value(twin::Json{R"({"colour of door":"red","rank":7})"}));
  EXPECT_EQ(sink.value(box_id, "address"),
            Value(twin::Json{R"({"streetAddress":"Am Ring 5","addressLocality":"Berlin","addressCountry":"DE"})"}));
}

TEST(CityJson, BadObjectsAreNamedAndTheOthersImported) {
  MemorySink sink;
  const std::string bad_vertex =
      R"("a-building-of-holes":{"type":"Building","geometry":[{"type":"MultiSurface","lod":"1","boundaries":[[[0,1,99]]]}]})";
  const std::string crossing =
      R"("a-crossing-building":{"type":"Building","geometry":[{"type":"MultiSurface","lod":"1","boundaries":[[[0,2,1,3]],[[4,5,6,7]]]}]})";
  const std::string bent =
      R"("a-bent-building":{"type":"Building","geometry":[{"type":"MultiSurface","lod":"1","boundaries":[[[0,1,2,7]]]}]})";
  const std::string unknown =
      R"("some-other-thing":{"type":"+Noise","geometry":[{"type":"MultiSurface","lod":"1","boundaries":[[[0,1,2]]]}]})";
  const auto report =
      import(sink, "bad.city.json",
             cityjson(bad_vertex + "," + crossing + "," + bent + "," + unknown + "," + box("a-building-of-boxes")));
  EXPECT_TRUE(sink.entities.contains(box_id));
  EXPECT_THAT(reason_in(report, "a-building-of-holes"), HasSubstr("vertices that do not exist"));
  EXPECT_THAT(reason_in(report, "a-crossing-building"), HasSubstr("cross themselves"));
  EXPECT_THAT(reason_in(report, "a-bent-building"), HasSubstr("not plane"));
  EXPECT_THAT(reason_in(report, "some-other-thing"), HasSubstr("extensions are not understood"));
}

TEST(CityJson, AWrongCoordinateSystemIsSaid) {
  MemorySink sink;
  const auto far = import(sink, "box.city.json", cityjson(box("a-building-of-boxes"), "", "EPSG:28992"));
  EXPECT_EQ(far.imported, 0u);
  EXPECT_THAT(reason_in(far, "a-building-of-boxes"), HasSubstr("lies outside where Amersfoort"));
  const std::string nameless = cityjson(box("a-building-of-boxes"), "", "");
  const auto none = import_bytes("box.city.json", nameless, sink);
  ASSERT_FALSE(none.ok());
  EXPECT_THAT(none.error().text(), HasSubstr("names no coordinate system"));
  ImportOptions options;
  options.crs = "EPSG:25833";
  EXPECT_EQ(import(sink, "box.city.json", nameless, options).imported, 1u);
}

TEST(CityJson, AWrongOptionRemovesNothing) {
  MemorySink sink;
  import(sink, "box.city.json", cityjson(box("a-building-of-boxes")));
  ImportOptions wrong;
  wrong.crs = "EPSG:28992";
  const auto lost = import(sink, "box.city.json", cityjson(box("a-building-of-boxes")), wrong);
  EXPECT_TRUE(lost.took_nothing());
  EXPECT_EQ(lost.removed, 0u);
  EXPECT_TRUE(sink.entities.contains(box_id));
  // A file that is truly empty says that there is nothing.
  const auto empty = import(sink, "box.city.json", cityjson(""));
  EXPECT_FALSE(empty.took_nothing());
  EXPECT_EQ(empty.removed, 1u);
}

TEST(CityJson, PartsNameTheirBuildingAndCirclesAreCut) {
  MemorySink sink;
  const std::string part =
      R"("a-part-of-the-building":{"type":"BuildingPart","parents":["a-building-of-boxes"],"geometry":[{"type":"MultiSurface","lod":"1","boundaries":[[[0,3,2,1]]]}]})";
  const std::string circle =
      R"("part-one-of-circle":{"type":"BuildingPart","parents":["part-two-of-circle"]},"part-two-of-circle":{"type":"BuildingPart","parents":["part-one-of-circle"]})";
  const auto report = import(
      sink, "parts.city.json",
      cityjson(box("a-building-of-boxes", R"("children":["a-part-of-the-building"],)") + "," + part + "," + circle));
  EXPECT_EQ(sink.value("urn:ngsi-ld:BuildingPart:a-part-of-the-building", "partOf"), Value(box_id));
  EXPECT_THAT(reason_in(report, "part-one-of-circle"), HasSubstr("lead back to itself"));
}

TEST(CityJson, TemplatesStandAtTheirReferencePoints) {
  MemorySink sink;
  const std::string tree =
      R"("a-tree-of-a-template":{"type":"SolitaryVegetationObject","geometry":[{"type":"GeometryInstance","template":0,"boundaries":[1],"transformationMatrix":[2,0,0,0,0,2,0,0,0,0,2,1,0,0,0,1]}]})";
  const std::string templates =
      R"("geometry-templates":{"templates":[{"type":"MultiSurface","lod":"2","boundaries":[[[0,1,2]],[[0,1,3]]]}],"vertices-templates":[[0,0,0],[1,0,0],[0,1,0],[0,0,3]]},)";
  import(sink, "tree.city.json", cityjson(tree, templates));
  const std::string id = "urn:ngsi-ld:SolitaryVegetationObject:a-tree-of-a-template";
  EXPECT_EQ(sink.value(id, "height"), Value(int64_t{6}));
  ASSERT_EQ(location_in(sink, id).positions.size(), 4u);
}

TEST(CityJson, ASequenceIsReadLineByLine) {
  MemorySink sink;
  const std::string header =
      R"({"type":"CityJSON","version":"2.0","transform":{"scale":[0.001,0.001,0.001],"translate":[390000,5819000,30]},"metadata":{"referenceSystem":"https://www.opengis.net/def/crs/EPSG/0/25833"},"CityObjects":{},"vertices":[]})";
  const std::string feature =
      R"({"type":"CityJSONFeature","id":"a-building-of-boxes","CityObjects":{)" + box("a-building-of-boxes") +
      R"(},"vertices":[[0,0,0],[10000,0,0],[10000,20000,0],[0,20000,0],[0,0,5000],[10000,0,5000],[10000,20000,5000],[0,20000,5000]]})";
  const auto report = import(sink, "city.city.jsonl", header + "\n" + feature + "\nno json\n\n");
  EXPECT_EQ(report.imported, 1u);
  EXPECT_EQ(sink.value(box_id, "height"), Value(int64_t{5}));
  EXPECT_THAT(reason_in(report, "line 3"), HasSubstr("no JSON"));
}

TEST(CityJson, DamagedFilesImportNothing) {
  MemorySink sink;
  const std::string whole = cityjson(box("a-building-of-boxes"));
  for (size_t cut : {whole.size() / 4, whole.size() / 2, whole.size() - 3}) {
    const std::string part = whole.substr(0, cut);
    const auto report = import_bytes("cut.city.json", part, sink);
    ASSERT_FALSE(report.ok()) << cut;
    EXPECT_FALSE(report.error().what.empty());
  }
  EXPECT_TRUE(sink.entities.empty());
}

std::string citygml(const std::string& members, const std::string& srs = "EPSG:25833") {
  return R"(<?xml version="1.0"?><core:CityModel xmlns:core="http://www.opengis.net/citygml/2.0" xmlns:bldg="http://www.opengis.net/citygml/building/2.0" xmlns:gml="http://www.opengis.net/gml" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:gen="http://www.opengis.net/citygml/generics/2.0">)"
         R"(<gml:boundedBy><gml:Envelope srsName=")" +
         srs +
         R"(" srsDimension="3"><gml:lowerCorner>390000 5819000 0</gml:lowerCorner><gml:upperCorner>390100 5819100 9</gml:upperCorner></gml:Envelope></gml:boundedBy>)" +
         members + "</core:CityModel>";
}

std::string member(const std::string& object) {
  return "<core:cityObjectMember>" + object + "</core:cityObjectMember>";
}

std::string polygon(const std::string& positions, const std::string& id = "") {
  return "<gml:Polygon" + (id.empty() ? "" : " gml:id='" + id + "'") + "><gml:exterior><gml:LinearRing><gml:posList>" +
         positions + "</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>";
}

std::string surfaces(const std::string& polygons) {
  return "<gml:MultiSurface><gml:surfaceMember>" + polygons + "</gml:surfaceMember></gml:MultiSurface>";
}

const std::string floor_positions =
    "390000 5819000 30 390000 5819020 30 390010 5819020 30 390010 5819000 30 390000 5819000 30";
const std::string roof_positions =
    "390000 5819000 35 390010 5819000 35 390010 5819020 35 390000 5819020 35 390000 5819000 35";

std::string thematic(const std::string& kind, const std::string& positions, const std::string& id) {
  return "<bldg:boundedBy><bldg:" + kind + "><bldg:lod2MultiSurface>" + surfaces(polygon(positions, id)) +
         "</bldg:lod2MultiSurface></bldg:" + kind + "></bldg:boundedBy>";
}

TEST(CityGml, SurfacesPartsAttributesAndLinks) {
  MemorySink sink;
  const std::string solid =
      "<bldg:lod2Solid><gml:Solid><gml:exterior><gml:CompositeSurface><gml:surfaceMember "
      "xlink:href='#floor'/><gml:surfaceMember "
      "xlink:href='#roof'/></gml:CompositeSurface></gml:exterior></gml:Solid></bldg:lod2Solid>";
  const std::string part =
      "<bldg:consistsOfBuildingPart><bldg:BuildingPart gml:id='the-part-of-the-building'><bldg:lod1MultiSurface>" +
      surfaces(polygon(roof_positions)) + "</bldg:lod1MultiSurface></bldg:BuildingPart></bldg:consistsOfBuildingPart>";
  const auto report =
      import(sink, "one.gml",
             citygml(member("<bldg:Building gml:id='a-building-of-boxes'><gml:name>Haus</gml:name><gen:stringAttribute "
                            "name='Farbe'><gen:value>rot</gen:value></gen:stringAttribute>"
                            "<gen:intAttribute "
                            "name='Rang'><gen:value>007</gen:value></gen:intAttribute><bldg:function>1000</"
                            "bldg:function><bldg:yearOfConstruction>1994</bldg:yearOfConstruction>"
                            "<bldg:roofType>1000</bldg:roofType><bldg:measuredHeight "
                            "uom='m'>6.0</bldg:measuredHeight><bldg:storeysAboveGround>2</bldg:storeysAboveGround>" +
                            solid + thematic("GroundSurface", floor_positions, "floor") +
                            thematic("RoofSurface", roof_positions, "roof") + part + "</bldg:Building>")));
  EXPECT_EQ(report.imported, 2u) << report.text();
  EXPECT_EQ(report.warnings_count, 1u) << "of heights";
  const Body body = body_in(sink, box_id);
  EXPECT_EQ(surface_types_json(body.types), R"([["ground",1],["roof",1]])") << "what is linked is there once";
  EXPECT_EQ(sink.value(box_id, "name"), Value(std::string("Haus")));
  EXPECT_EQ(sink.value(box_id, "height"), Value(int64_t{6}));
  EXPECT_EQ(sink.value(box_id, "levels"), Value(int64_t{2}));
  EXPECT_EQ(sink.value(box_id, "roofShape"), Value(std::string("flat")));
  EXPECT_EQ(sink.value(box_id, "genericAttributes"), Value(twin::Json{R"({"Farbe":"rot","Rang":7})"}));
  EXPECT_EQ(sink.value("urn:ngsi-ld:BuildingPart:the-part-of-the-building", "partOf"), Value(box_id));
  EXPECT_EQ(body_in(sink, "urn:ngsi-ld:BuildingPart:the-part-of-the-building").lod, "1");
}

TEST(CityGml, LinksToOtherObjectsAndInCircles) {
  MemorySink sink;
  const std::string one = "<bldg:Building gml:id='building-number-one'><bldg:lod1MultiSurface>" +
                          surfaces(polygon(floor_positions, "shared")) + "</bldg:lod1MultiSurface></bldg:Building>";
  const std::string two =
      "<bldg:Building gml:id='building-number-two'><bldg:lod1MultiSurface><gml:MultiSurface><gml:surfaceMember "
      "xlink:href='#shared'/></gml:MultiSurface></bldg:lod1MultiSurface></bldg:Building>";
  const std::string circle =
      "<bldg:Building gml:id='building-in-circles'><bldg:lod1MultiSurface><gml:MultiSurface "
      "gml:id='ring-a'><gml:surfaceMember "
      "xlink:href='#ring-a'/></gml:MultiSurface></bldg:lod1MultiSurface></bldg:Building>";
  const std::string lost =
      "<bldg:Building gml:id='building-of-nowhere'><bldg:lod1MultiSurface><gml:MultiSurface><gml:surfaceMember "
      "xlink:href='#nowhere'/></gml:MultiSurface></bldg:lod1MultiSurface></bldg:Building>";
  const auto report = import(sink, "links.gml", citygml(member(one) + member(two) + member(circle) + member(lost)));
  EXPECT_EQ(body_in(sink, "urn:ngsi-ld:Building:building-number-two").types.size(), 1u);
  EXPECT_THAT(reason_in(report, "building-in-circles"), HasSubstr("circle"));
  EXPECT_THAT(reason_in(report, "building-of-nowhere"), HasSubstr("not in the file"));
}

// A triangle that rises from 30 m to 40 m over 100 m.
std::string relief(const std::string& positions) {
  return "<core:cityObjectMember><dem:ReliefFeature xmlns:dem='http://www.opengis.net/citygml/relief/2.0' "
         "gml:id='slope'>"
         "<dem:reliefComponent><dem:TINRelief><dem:tin><gml:TriangulatedSurface><gml:trianglePatches><gml:Triangle>"
         "<gml:exterior><gml:LinearRing><gml:posList>" +
         positions +
         "</gml:posList></gml:LinearRing></gml:exterior></gml:Triangle></gml:trianglePatches></gml:TriangulatedSurface>"
         "</dem:tin></dem:TINRelief></dem:reliefComponent></dem:ReliefFeature></core:cityObjectMember>";
}

TEST(CityGml, ReliefAndBuildingsOfOneFile) {
  const std::string slope = relief("390000 5819000 30 390100 5819000 30 390000 5819100 40 390000 5819000 30");
  const std::string house = member("<bldg:Building gml:id='a-house'><bldg:lod1MultiSurface>" +
                                   surfaces(polygon(floor_positions)) + "</bldg:lod1MultiSurface></bldg:Building>");
  MemorySink sink;
  // The relief comes far behind the part by which a file is recognised.
  const auto report = import(sink, "both.gml", citygml(house + std::string(100'000, ' ') + slope));
  EXPECT_EQ(sink.count("Building"), 1u);
  EXPECT_EQ(sink.count("TerrainModel"), 1u);
  EXPECT_EQ(report.removed, 0u);
  EXPECT_EQ(import(sink, "both.gml", citygml(house + slope)).unchanged, 2u);
  EXPECT_EQ(import(sink, "both.gml", citygml(slope)).removed, 1u) << "the house";

  const auto mixed = import(sink, "bad.gml", citygml(house + relief("390000 5819000 30")));
  EXPECT_EQ(sink.count("Building"), 1u) << "bad relief costs only itself";
  EXPECT_THAT(reason_in(mixed, "relief"), HasSubstr("no relief that can be read"));
  EXPECT_EQ(import_bytes("bad.gml", citygml(relief("390000 5819000 30")), sink).error().code, base::Code::corrupt);
}

TEST(CityGml, HostileFiles) {
  MemorySink sink;
  const std::string bomb =
      R"(<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><CityModel xmlns="http://www.opengis.net/citygml/2.0">&b;</CityModel>)";
  const std::string outside =
      R"(<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><CityModel xmlns="http://www.opengis.net/citygml/2.0">&a;</CityModel>)";
  for (const std::string& bytes : {bomb, outside}) {
    const auto report = import_bytes("bomb.gml", bytes, sink);
    ASSERT_FALSE(report.ok());
    EXPECT_THAT(report.error().text(), HasSubstr("entities"));
  }
  std::string deep;
  for (int i = 0; i < 300; ++i) deep += "<a>";
  EXPECT_FALSE(import_bytes("deep.gml", citygml(member(deep)), sink).ok());
  const std::string far = "<bldg:Building gml:id='a-building-far-out'><bldg:lod1MultiSurface>" +
                          surfaces(polygon("1e9 1e9 1e9 1e9 2e9 0 2e9 2e9 0 1e9 1e9 1e9")) +
                          "</bldg:lod1MultiSurface></bldg:Building>";
  const auto report = import(sink, "far.gml", citygml(member(far)));
  EXPECT_EQ(report.imported, 0u);
  EXPECT_THAT(reason_in(report, "a-building-far-out"), HasSubstr("outside"));
  const std::string without_height = "<bldg:Building gml:id='a-building-without-height'><bldg:lod1MultiSurface>" +
                                     surfaces(polygon("390000 5819000 NaN 390010 5819000 NaN 390010 5819010 NaN "
                                                      "390000 5819000 NaN")) +
                                     "</bldg:lod1MultiSurface></bldg:Building>";
  EXPECT_FALSE(
      reason_in(import(sink, "nan.gml", citygml(member(without_height))), "a-building-without-height").empty());
}

TEST(CityGml, ObjectsWithoutIdKeepTheirs) {
  MemorySink sink;
  const std::string nameless =
      citygml(member("<bldg:Building><bldg:lod1MultiSurface>" + surfaces(polygon(floor_positions)) +
                     "</bldg:lod1MultiSurface></bldg:Building>"));
  import(sink, "nameless.gml", nameless);
  ASSERT_EQ(sink.entities.size(), 1u);
  EXPECT_THAT(sink.entities.begin()->first, HasSubstr("urn:ngsi-ld:Building:content-"));
  EXPECT_EQ(import(sink, "nameless.gml", nameless).unchanged, 1u);
}

TEST(CityNames, OfCoordinateSystems) {
  EXPECT_EQ(crs_name_of("urn:ogc:def:crs,crs:EPSG:6.12:3068,crs:EPSG:6.12:5783"), "EPSG:3068+5783");
  EXPECT_EQ(crs_name_of("urn:ogc:def:crs:EPSG::25833"), "EPSG:25833");
  EXPECT_EQ(crs_name_of("http://www.opengis.net/def/crs/EPSG/0/6697"), "EPSG:6697");
  EXPECT_EQ(crs_name_of("https://www.opengis.net/def/crs/EPSG/0/7415"), "EPSG:7415");
  EXPECT_EQ(crs_name_of("http://www.opengis.net/gml/srs/epsg.xml#4326"), "EPSG:4326");
  EXPECT_EQ(crs_name_of("urn:adv:crs:ETRS89_UTM32*DE_DHHN92_NH"), "EPSG:25832+5783");
  EXPECT_EQ(crs_name_of("EPSG:25832+5783"), "EPSG:25832+5783");
  EXPECT_EQ(crs_name_of(" EPSG:31467 "), "EPSG:31467");
  EXPECT_EQ(crs_name_of("http://www.opengis.net/def/crs-compound?1=http://www.opengis.net/def/crs/EPSG/0/"
                        "25832&amp;2=http://www.opengis.net/def/crs/EPSG/0/5783"),
            "EPSG:25832+5783");
  EXPECT_EQ(crs_name_of("urn:ogc:def:crs:OGC:1.3:CRS84"), "OGC:CRS84");
}

TEST(CityNames, OfEntitiesAndPictures) {
  EXPECT_EQ(city_entity_id("Building", "{10A31B7E-8FC2-45EE-836A-1DB9FEF06E04}", "x.json"),
            "urn:ngsi-ld:Building:10A31B7E-8FC2-45EE-836A-1DB9FEF06E04");
  EXPECT_EQ(city_entity_id("Building", "12", "old town.city.json"), "urn:ngsi-ld:Building:old%20town-12");
  EXPECT_EQ(inner_name("appearance/a.jpg"), "appearance/a.jpg");
  EXPECT_EQ(inner_name("./a/../b.jpg"), "b.jpg");
  for (const char* name : {"../a.jpg", "/etc/passwd", "a/../../b", "http://x/y.jpg", "C:\\a.jpg", ""})
    EXPECT_EQ(inner_name(name), "") << name;
}

TEST(CityCrs, HeightsAboveTheSeaBecomeHeightsAboveTheEllipsoid) {
  // EGM96 at the places, interpolated from the grid's own numbers apart: see the comments of the real files below.
  const auto system = CityCrs::open("EPSG:25833", {});
  ASSERT_TRUE(system.ok()) << system.error().text();
  std::vector<twin::Position> to;
  const RawPosition berlin{390515.519595831, 5819426.2771978, 31.98};
  ASSERT_TRUE(system->to_wgs84(std::span(&berlin, 1), to).ok());
  EXPECT_NEAR(to[0].latitude_deg, 52.513943303, 1e-8);  // cs2cs EPSG:25833 EPSG:4326
  EXPECT_NEAR(to[0].longitude_deg, 13.386595163, 1e-8);
  EXPECT_NEAR(to[0].height_m, 31.98 + 39.5615, 0.01);
}

TEST(CityCrs, ASeaLevelWithoutAGridIsEgm96sAndTold) {
  const auto system = CityCrs::open("EPSG:5186+5193", {});
  ASSERT_TRUE(system.ok()) << system.error().text();
  ASSERT_EQ(system->notes().size(), 1u);
  EXPECT_THAT(system->notes()[0], HasSubstr("Incheon height need the grid of its sea level, which is not installed"));
  std::vector<twin::Position> to;
  const RawPosition seoul{550'000, 200'000, 10};
  ASSERT_TRUE(system->to_wgs84(std::span(&seoul, 1), to).ok());
  const auto geoid = CoordinateSystem::open("EPSG:4326+5773")->to_wgs84({to[0].latitude_deg, to[0].longitude_deg, 0});
  EXPECT_NEAR(to[0].height_m, 10 + geoid->height_m, 0.01);
}

}  // namespace
}  // namespace cityloom::space
