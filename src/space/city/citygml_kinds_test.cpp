// Every kind of object that CityGML has, in the versions that have it: small files around one corner of Berlin, whose
// bodies are measured in metres of the file's own system.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "space/city/body.hpp"
#include "space/coordinates.hpp"
#include "space/space.hpp"
#include "space/testing/memory_sink.hpp"

namespace cityloom::space {
namespace {

using ::testing::HasSubstr;
using testing::MemorySink;
using twin::Value;

using Point = std::array<double, 3>;
// The corner from which all points of this file count.
constexpr Point corner{390'000, 5'819'000, 30};

enum class From { corner, prototype };

std::string numbers(const Point& point, From from) {
  std::string text;
  for (size_t axis = 0; axis < 3; ++axis) {
    text += std::to_string(point[axis] + (from == From::corner ? corner[axis] : 0)) + " ";
  }
  return text;
}

std::string polygon(const std::vector<Point>& ring, From from = From::corner, const std::string& id = "") {
  std::string text =
      "<gml:Polygon" + (id.empty() ? "" : " gml:id='" + id + "'") + "><gml:exterior><gml:LinearRing><gml:posList>";
  for (const Point& point : ring) text += numbers(point, from);
  return text + numbers(ring.front(), from) + "</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>";
}

std::string members(const std::vector<std::string>& polygons) {
  std::string text;
  for (const std::string& one : polygons) text += "<gml:surfaceMember>" + one + "</gml:surfaceMember>";
  return text;
}

std::string surface(const std::vector<std::string>& polygons) {
  return "<gml:MultiSurface>" + members(polygons) + "</gml:MultiSurface>";
}

std::vector<std::string> box_faces(const Point& low, const Point& high, From from = From::corner) {
  const auto [x, y, z] = low;
  const auto [u, v, w] = high;
  return {polygon({{x, y, z}, {x, v, z}, {u, v, z}, {u, y, z}}, from),
          polygon({{x, y, w}, {u, y, w}, {u, v, w}, {x, v, w}}, from),
          polygon({{x, y, z}, {u, y, z}, {u, y, w}, {x, y, w}}, from),
          polygon({{u, y, z}, {u, v, z}, {u, v, w}, {u, y, w}}, from),
          polygon({{u, v, z}, {x, v, z}, {x, v, w}, {u, v, w}}, from),
          polygon({{x, v, z}, {x, y, z}, {x, y, w}, {x, v, w}}, from)};
}

std::string solid(const Point& low, const Point& high) {
  return "<gml:Solid><gml:exterior><gml:CompositeSurface>" + members(box_faces(low, high)) +
         "</gml:CompositeSurface></gml:exterior></gml:Solid>";
}

std::string flat(double x, double y, double u, double v, double z) {
  return polygon({{x, y, z}, {u, y, z}, {u, v, z}, {x, v, z}});
}

// <prefix:Kind><prefix:lod...>: a thematic surface with one face.
std::string themed(const std::string& property, const std::string& element, const std::string& geometry,
                   const std::string& polygon_text, const std::string& more = "") {
  return "<" + property + "><" + element + "><" + geometry + ">" + surface({polygon_text}) + "</" + geometry + ">" +
         more + "</" + element + "></" + property + ">";
}

std::string in(const std::string& element, const std::string& content) {
  return "<" + element + ">" + content + "</" + element.substr(0, element.find(' ')) + ">";
}

// A whole file of a version: "1.0", "2.0", "3.0".
std::string city(const std::string& version, const std::vector<std::string>& objects) {
  std::string text = "<?xml version='1.0'?><core:CityModel xmlns:core='http://www.opengis.net/citygml/" + version +
                     "' xmlns:xlink='http://www.w3.org/1999/xlink' xmlns:gml='http://www.opengis.net/gml" +
                     (version == "3.0" ? "/3.2" : "") + "'";
  const std::pair<const char*, const char*> modules[] = {
      {"bldg", "building"},  {"brid", "bridge"},  {"con", "construction"},    {"frn", "cityfurniture"},
      {"gen", "generics"},   {"luse", "landuse"}, {"tran", "transportation"}, {"tun", "tunnel"},
      {"veg", "vegetation"}, {"wtr", "waterbody"}};
  for (const auto& [prefix, name] : modules) {
    text += std::string(" xmlns:") + prefix + "='http://www.opengis.net/citygml/" + name + "/" + version + "'";
  }
  text +=
      "><gml:boundedBy><gml:Envelope srsName='EPSG:25833' srsDimension='3'><gml:lowerCorner>390000 5819000 0"
      "</gml:lowerCorner><gml:upperCorner>390100 5819100 9</gml:upperCorner></gml:Envelope></gml:boundedBy>";
  for (const std::string& object : objects) text += in("core:cityObjectMember", object);
  return text + "</core:CityModel>";
}

ImportReport import(MemorySink& sink, const std::string& bytes) {
  auto report = import_bytes("kinds.gml", bytes, sink);
  EXPECT_TRUE(report.ok()) << (report ? "" : report.error().text());
  return report ? *report : ImportReport{};
}

std::string urn(const std::string& type, const std::string& id) {
  return "urn:ngsi-ld:" + type + ":" + id;
}

Body body_in(MemorySink& sink, const std::string& id) {
  const twin::Attribute* attribute = sink.attribute(id, "body");
  auto body = attribute == nullptr ? std::nullopt : body_of(*attribute, Vocabulary::find(sink.terms()));
  return body ? *body : Body{};
}

std::string kinds_of(MemorySink& sink, const std::string& id) {
  return surface_types_json(body_in(sink, id).types);
}

// The box around a body, in metres from the corner: x, y, z of its lowest and its highest.
std::array<double, 6> extent_of(MemorySink& sink, const std::string& id) {
  static const auto system = CoordinateSystem::open("EPSG:25833+5773");
  std::array<double, 6> box{1e9, 1e9, 1e9, -1e9, -1e9, -1e9};
  for (const twin::Position& position : body_in(sink, id).faces.positions) {
    const auto raw = system->from_wgs84(position);
    if (!raw) continue;
    const Point at{raw->first, raw->second, raw->third};
    for (size_t axis = 0; axis < 3; ++axis) {
      box[axis] = std::min(box[axis], at[axis] - corner[axis]);
      box[axis + 3] = std::max(box[axis + 3], at[axis] - corner[axis]);
    }
  }
  return box;
}

void expect_extent(MemorySink& sink, const std::string& id, const std::array<double, 6>& expected) {
  const auto found = extent_of(sink, id);
  for (size_t i = 0; i < 6; ++i) EXPECT_NEAR(found[i], expected[i], 0.003) << id << " " << i;
}

std::string reasons_in(const ImportReport& report) {
  std::string reasons;
  for (const auto& warning : report.warnings) reasons += warning.object + ": " + warning.reason + "\n";
  return reasons;
}

// One warning comes with every file: that its heights were taken as above the sea.
void expect_no_trouble(const ImportReport& report) {
  EXPECT_EQ(report.warnings_count, 1u) << reasons_in(report);
}

TEST(CityGmlKinds, BridgesWithPartsInstallationsAndConstructions) {
  MemorySink sink;
  const std::string deck = themed("brid:boundedBy", "brid:RoofSurface", "brid:lod2MultiSurface", flat(0, 0, 40, 8, 6)) +
                           themed("brid:boundedBy", "brid:OuterCeilingSurface", "brid:lod2MultiSurface",
                                  polygon({{0, 0, 5}, {0, 8, 5}, {40, 8, 5}, {40, 0, 5}}));
  const std::string two = in(
      "brid:Bridge gml:id='the-bridge-of-two'",
      "<gml:name>Hohe Br&#252;cke</gml:name><brid:class>1000</brid:class><brid:function>1040</brid:function>"
      "<brid:yearOfConstruction>1931</brid:yearOfConstruction><brid:isMovable>true</brid:isMovable>" +
          in("brid:outerBridgeInstallation", in("brid:BridgeInstallation gml:id='railing-of-bridge'",
                                                in("brid:lod2Geometry", surface(box_faces({0, 0, 6}, {40, 0.1, 7}))))) +
          in("brid:outerBridgeConstruction", in("brid:BridgeConstructionElement gml:id='pier-of-bridge'",
                                                in("brid:lod2Geometry", solid({19, 2, -3}, {21, 6, 5})))) +
          deck +
          in("brid:consistsOfBridgePart",
             in("brid:BridgePart gml:id='ramp-of-bridge'", in("brid:lod2Solid", solid({40, 0, 0}, {50, 8, 6})))));
  const auto report = import(sink, city("2.0", {two}));
  expect_no_trouble(report);
  const std::string bridge = urn("Bridge", "the-bridge-of-two");
  EXPECT_EQ(report.imported, 4u);
  EXPECT_EQ(kinds_of(sink, bridge), R"([["roof",1],["outerCeiling",1]])");
  expect_extent(sink, bridge, {0, 0, 5, 40, 8, 6});
  EXPECT_EQ(sink.value(bridge, "name"), Value(std::string("Hohe Brücke")));
  EXPECT_EQ(sink.value(bridge, "category"), Value(std::string("1040")));
  EXPECT_EQ(sink.value(bridge, "yearOfConstruction"), Value(int64_t{1931}));
  EXPECT_EQ(sink.value(bridge, "isMovable"), Value(std::string("true")));
  expect_extent(sink, urn("BridgeInstallation", "railing-of-bridge"), {0, 0, 6, 40, 0.1, 7});
  expect_extent(sink, urn("BridgeConstructiveElement", "pier-of-bridge"), {19, 2, -3, 21, 6, 5});
  expect_extent(sink, urn("BridgePart", "ramp-of-bridge"), {40, 0, 0, 50, 8, 6});
  for (const char* part : {"BridgeInstallation:railing", "BridgeConstructiveElement:pier", "BridgePart:ramp"}) {
    EXPECT_EQ(sink.value("urn:ngsi-ld:" + std::string(part) + "-of-bridge", "partOf"), Value(bridge)) << part;
  }
}

TEST(CityGmlKinds, BridgesOfVersionThree) {
  MemorySink sink;
  const std::string three = in(
      "brid:Bridge gml:id='bridge-of-three'",
      themed("core:boundary", "con:RoofSurface", "core:lod2MultiSurface", flat(0, 0, 40, 8, 6)) +
          "<con:dateOfConstruction>1931-05-04</con:dateOfConstruction><brid:isMovable>false</brid:isMovable>" +
          in("brid:bridgeConstructiveElement", in("brid:BridgeConstructiveElement gml:id='pier-of-three'",
                                                  in("core:lod2Solid", solid({19, 2, -3}, {21, 6, 5})))) +
          in("brid:bridgeInstallation", in("brid:BridgeInstallation gml:id='railing-of-three'",
                                           in("core:lod2MultiSurface", surface(box_faces({0, 0, 6}, {40, 0.1, 7}))))) +
          in("brid:bridgePart",
             in("brid:BridgePart gml:id='part-of-three'", in("core:lod1Solid", solid({40, 0, 0}, {50, 8, 6})))));
  const auto report = import(sink, city("3.0", {three}));
  expect_no_trouble(report);
  EXPECT_EQ(report.imported, 4u);
  const std::string bridge = urn("Bridge", "bridge-of-three");
  EXPECT_EQ(kinds_of(sink, bridge), R"([["roof",1]])");
  EXPECT_EQ(sink.value(bridge, "yearOfConstruction"), Value(int64_t{1931}));
  expect_extent(sink, urn("BridgeConstructiveElement", "pier-of-three"), {19, 2, -3, 21, 6, 5});
  EXPECT_EQ(sink.value(urn("BridgePart", "part-of-three"), "partOf"), Value(bridge));
  EXPECT_EQ(sink.value(urn("BridgeInstallation", "railing-of-three"), "partOf"), Value(bridge));
}

TEST(CityGmlKinds, TunnelsUnderTheGround) {
  MemorySink sink;
  const std::string hollow = in("tun:interiorHollowSpace", in("tun:HollowSpace gml:id='hollow-space'",
                                                              in("tun:lod4Solid", solid({1, 1, -11}, {99, 9, -5}))));
  const std::string two = in(
      "tun:Tunnel gml:id='tunnel-of-two'",
      "<tun:function>1010</tun:function>" + hollow +
          themed("tun:boundedBy", "tun:RoofSurface", "tun:lod2MultiSurface", flat(0, 0, 100, 10, -4)) +
          themed("tun:boundedBy", "tun:GroundSurface", "tun:lod2MultiSurface",
                 polygon({{0, 0, -12}, {0, 10, -12}, {100, 10, -12}, {100, 0, -12}})) +
          in("tun:outerTunnelInstallation", in("tun:TunnelInstallation gml:id='fan-of-tunnel'",
                                               in("tun:lod2Geometry", solid({50, 4, -4}, {52, 6, 2})))) +
          in("tun:consistsOfTunnelPart",
             in("tun:TunnelPart gml:id='part-of-tunnel'", in("tun:lod1Solid", solid({100, 0, -12}, {120, 10, -4})))));
  const std::string three = in("tun:Tunnel gml:id='tunnel-of-three'",
                               in("core:lod1Solid", solid({0, 20, -12}, {50, 30, -4})) +
                                   in("tun:tunnelPart", in("tun:TunnelPart gml:id='part-of-three'",
                                                           in("core:lod1Solid", solid({50, 20, -12}, {60, 30, -4})))));
  const auto report = import(sink, city("2.0", {two}));
  expect_no_trouble(report);
  EXPECT_EQ(report.imported, 3u) << "what is hollow inside is no thing of its own";
  const std::string tunnel = urn("Tunnel", "tunnel-of-two");
  EXPECT_EQ(kinds_of(sink, tunnel), R"([["roof",1],["ground",1]])");
  expect_extent(sink, tunnel, {0, 0, -12, 100, 10, -4});
  EXPECT_EQ(sink.value(tunnel, "height"), Value(int64_t{8}));
  EXPECT_EQ(sink.value(urn("TunnelPart", "part-of-tunnel"), "partOf"), Value(tunnel));
  expect_extent(sink, urn("TunnelInstallation", "fan-of-tunnel"), {50, 4, -4, 52, 6, 2});
  EXPECT_EQ(import(sink, city("3.0", {three})).imported, 2u);
  expect_extent(sink, urn("Tunnel", "tunnel-of-three"), {0, 20, -12, 50, 30, -4});
  EXPECT_EQ(sink.value(urn("TunnelPart", "part-of-three"), "partOf"), Value(urn("Tunnel", "tunnel-of-three")));
}

// A tree whose shape is a prototype: `shape` is what its property of relative geometry holds.
std::string tree(const std::string& id, const std::string& version, const std::string& shape, const Point& at,
                 const std::string& matrix = "") {
  const std::string prefix = version == "3.0" ? "core:" : "veg:";
  return in("veg:SolitaryVegetationObject gml:id='" + id + "'",
            "<veg:species>1640</veg:species><veg:height uom='m'>9.5</veg:height>"
            "<veg:trunkDiameter uom='m'>0.4</veg:trunkDiameter><veg:crownDiameter uom='m'>5</veg:crownDiameter>" +
                in(prefix + "lod2ImplicitRepresentation",
                   in("core:ImplicitGeometry",
                      (matrix.empty() ? "" : in("core:transformationMatrix", matrix)) + shape +
                          in("core:referencePoint", in("gml:Point", in("gml:pos", numbers(at, From::corner)))))));
}

TEST(CityGmlKinds, TreesOfOnePrototypeStandTurnedAndScaled) {
  // A box of 2 m x 1 m x 3 m. The second is twice as large, turned a quarter to the left, and half a metre up.
  const std::string box = "<gml:MultiSurface gml:id='prototype-of-trees'>" +
                          members(box_faces({0, 0, 0}, {2, 1, 3}, From::prototype)) + "</gml:MultiSurface>";
  for (const std::string version : {"1.0", "2.0", "3.0"}) {
    MemorySink sink;
    const std::string property = version == "3.0" ? "core:relativeGeometry" : "core:relativeGMLGeometry";
    const std::string link = "<" + property + " xlink:href='#prototype-of-trees'/>";
    const auto report = import(
        sink,
        city(version, {tree("first-of-the-trees", version, in(property, box), {10, 20, 1}),
                       tree("second-of-the-trees", version, link, {50, 60, 2}, "0 -2 0 0 2 0 0 0 0 0 2 0.5 0 0 0 1"),
                       tree("third-of-the-trees", version, link, {-5, 0, 0})}));
    expect_no_trouble(report);
    EXPECT_EQ(report.imported, 3u) << version;
    const std::string first = urn("SolitaryVegetationObject", "first-of-the-trees");
    expect_extent(sink, first, {10, 20, 1, 12, 21, 4});
    expect_extent(sink, urn("SolitaryVegetationObject", "second-of-the-trees"), {48, 60, 2.5, 50, 64, 8.5});
    expect_extent(sink, urn("SolitaryVegetationObject", "third-of-the-trees"), {-5, 0, 0, -3, 1, 3});
    EXPECT_EQ(body_in(sink, first).types.size(), 6u);
    EXPECT_EQ(sink.value(first, "height"), Value(9.5));
    EXPECT_EQ(sink.value(first, "species"), Value(std::string("1640")));
    EXPECT_EQ(sink.value(first, "crownDiameter"), Value(int64_t{5}));
    EXPECT_EQ(sink.value(first, "trunkDiameter"), Value(0.4));
    EXPECT_EQ(sink.entities[first].types.size(), 1u) << "it has a shape of its own";
  }
}

TEST(CityGmlKinds, TreesWhoseShapeIsInAnotherFileAreDrawnAsTrees) {
  MemorySink sink;
  const std::string library =
      "<core:mimeType>model/vrml</core:mimeType><core:libraryObject>trees/lime.wrl"
      "</core:libraryObject>";
  const std::string lost = "<core:relativeGMLGeometry xlink:href='#nowhere-at-all'/>";
  const auto report = import(sink, city("2.0", {tree("a-tree-of-a-library", "2.0", library, {10, 20, 1}),
                                                tree("a-tree-of-nowhere", "2.0", lost, {30, 20, 1}),
                                                tree("a-tree-of-nothing", "2.0", "", {30, 20, 1}),
                                                tree("a-tree-badly-turned", "2.0", library, {30, 20, 1}, "1 0 0")}));
  EXPECT_THAT(reasons_in(report),
              HasSubstr("a-tree-of-a-library: its shape is in the file \"trees/lime.wrl\", which is "
                        "not read: its reference point was taken\n"));
  EXPECT_THAT(reasons_in(report),
              HasSubstr("a-tree-of-nowhere: it links to #nowhere-at-all, which is not in the file"));
  EXPECT_THAT(reasons_in(report), HasSubstr("a-tree-of-nothing: an implicit geometry without a shape"));
  EXPECT_THAT(reasons_in(report), HasSubstr("a-tree-badly-turned: the matrix of an implicit geometry has not 16"));
  EXPECT_EQ(report.imported, 4u);
  const auto system = CoordinateSystem::open("EPSG:25833");
  for (const auto& [id, x] : {std::pair("a-tree-of-a-library", 10.0), std::pair("a-tree-of-nowhere", 30.0)}) {
    const std::string name = urn("SolitaryVegetationObject", id);
    const auto* place = std::get_if<twin::Geometry>(&sink.attribute(name, "location")->value);
    ASSERT_TRUE(place != nullptr && place->kind == twin::GeometryKind::point) << id;
    const auto raw = system->from_wgs84(place->positions[0]);
    EXPECT_NEAR(raw->first, corner[0] + x, 0.002);
    EXPECT_NEAR(raw->second, corner[1] + 20, 0.002);
    const auto& types = sink.entities[name].types;
    EXPECT_EQ(types, (std::vector{sink.term("SolitaryVegetationObject"), sink.term("Tree")}))
        << "the object library draws a Tree at a Point";
  }
}

TEST(CityGmlKinds, PlantCoverWaterLandUseFurnitureAndGenericObjects) {
  for (const std::string version : {"1.0", "2.0", "3.0"}) {
    MemorySink sink;
    const bool is_three = version == "3.0";
    const auto lod = [&](const std::string& prefix, const std::string& name) {
      return (is_three ? "core:" : prefix + ":") + name;
    };
    const std::string cover = in("veg:PlantCover gml:id='cover-of-plants'",
                                 "<veg:averageHeight uom='m'>1.5</veg:averageHeight>" +
                                     in(lod("veg", "lod1MultiSurface"), surface({flat(0, 0, 30, 10, 1.5)})));
    const std::string bounded = is_three ? "core:boundary" : "wtr:boundedBy";
    const std::string of_water = is_three ? "core:lod2MultiSurface" : "wtr:lod2Surface";
    const std::string water = in("wtr:WaterBody gml:id='the-water-body'",
                                 themed(bounded, "wtr:WaterSurface", of_water, flat(0, 0, 60, 40, -1)) +
                                     themed(bounded, "wtr:WaterGroundSurface", of_water,
                                            polygon({{0, 0, -6}, {0, 40, -6}, {60, 40, -6}, {60, 0, -6}})) +
                                     (is_three ? ""
                                               : themed(bounded, "wtr:WaterClosureSurface", of_water,
                                                        polygon({{0, 0, -6}, {60, 0, -6}, {60, 0, -1}, {0, 0, -1}}))));
    const std::string land =
        in("luse:LandUse gml:id='use-of-the-land'",
           "<luse:class>1000</luse:class><luse:function>2010</luse:function><luse:usage>3</luse:usage>" +
               in(lod("luse", "lod1MultiSurface"), surface({flat(0, 0, 200, 100, 0)})));
    const std::string bench =
        in("frn:CityFurniture gml:id='a-bench-to-sit-on'",
           "<frn:function>1090</frn:function>" +
               in(is_three ? "core:lod1Solid" : "frn:lod1Geometry", solid({5, 5, 0}, {7, 5.6, 0.45})));
    const std::string kiosk = in(
        (is_three ? "gen:GenericOccupiedSpace gml:id='a-generic-object'"
                  : "gen:GenericCityObject gml:id='a-generic-object'"),
        (is_three
             ? std::string("<core:genericAttribute><gen:MeasureAttribute><gen:name>Masse</gen:name><gen:value "
                           "uom='kg'>120</gen:value>"
                           "</gen:MeasureAttribute></core:genericAttribute>")
             : std::string(
                   "<gen:measureAttribute name='Masse'><gen:value uom='kg'>120</gen:value></gen:measureAttribute>")) +
            in(is_three ? "core:lod1Solid" : "gen:lod1Geometry", solid({20, 5, 0}, {22, 7, 3})));
    const auto report = import(sink, city(version, {cover, water, land, bench, kiosk}));
    expect_no_trouble(report);
    EXPECT_EQ(report.imported, 5u) << version;
    expect_extent(sink, urn("PlantCover", "cover-of-plants"), {0, 0, 1.5, 30, 10, 1.5});
    EXPECT_EQ(sink.value(urn("PlantCover", "cover-of-plants"), "averageHeight"), Value(1.5));
    expect_extent(sink, urn("WaterBody", "the-water-body"), {0, 0, -6, 60, 40, -1});
    EXPECT_EQ(kinds_of(sink, urn("WaterBody", "the-water-body")),
              is_three ? R"([["water",1],["waterGround",1]])" : R"([["water",1],["waterGround",1],["closure",1]])");
    expect_extent(sink, urn("LandUse", "use-of-the-land"), {0, 0, 0, 200, 100, 0});
    EXPECT_EQ(sink.value(urn("LandUse", "use-of-the-land"), "category"), Value(std::string("2010")));
    EXPECT_EQ(sink.value(urn("LandUse", "use-of-the-land"), "usage"), Value(std::string("3")));
    expect_extent(sink, urn("CityFurniture", "a-bench-to-sit-on"), {5, 5, 0, 7, 5.6, 0.45});
    expect_extent(sink, urn("GenericCityObject", "a-generic-object"), {20, 5, 0, 22, 7, 3});
    EXPECT_EQ(sink.value(urn("GenericCityObject", "a-generic-object"), "genericAttributes"),
              Value(twin::Json{R"({"Masse":{"value":120,"unit":"kg"}})"}));
  }
}

TEST(CityGmlKinds, RoadsAndTheirAreas) {
  MemorySink sink;
  const auto area = [](const std::string& property, const std::string& element, double from, double to) {
    return themed("tran:" + property, "tran:" + element, "tran:lod2MultiSurface", flat(0, from, 100, to, 0.2));
  };
  const std::string areas = area("trafficArea", "TrafficArea", 0, 3) + area("trafficArea", "TrafficArea", 3, 6) +
                            area("auxiliaryTrafficArea", "AuxiliaryTrafficArea", 6, 8);
  const std::string road =
      in("tran:Road gml:id='road-with-two-lanes'",
         "<tran:function>1010</tran:function>" + areas + in("tran:lod1MultiSurface", surface({flat(0, 0, 100, 8, 0)})));
  const std::string line = "<gml:GeometricComplex><gml:element><gml:LineString><gml:posList>" +
                           numbers({0, 50, 0}, From::corner) + numbers({90, 50, 0}, From::corner) +
                           "</gml:posList></gml:LineString></gml:element></gml:GeometricComplex>";
  const std::string railway = in("tran:Railway gml:id='railway-of-a-line'", in("tran:lod0Network", line));
  const std::string square =
      in("tran:Square gml:id='square-of-the-town'", in("tran:lod2MultiSurface", surface({flat(0, 60, 20, 80, 0)})));
  const std::string track =
      in("tran:Track gml:id='track-in-the-fields'", in("tran:lod1MultiSurface", surface({flat(0, 90, 20, 92, 0)})));
  const auto report = import(sink, city("2.0", {road, railway, square, track}));
  expect_no_trouble(report);
  EXPECT_EQ(report.imported, 4u);
  const std::string id = urn("Road", "road-with-two-lanes");
  EXPECT_EQ(kinds_of(sink, id), R"([["trafficArea",2],["auxiliaryTrafficArea",1]])");
  EXPECT_EQ(body_in(sink, id).lod, "2");
  expect_extent(sink, id, {0, 0, 0.2, 100, 8, 0.2});
  const auto* rails =
      std::get_if<twin::Geometry>(&sink.attribute(urn("Railway", "railway-of-a-line"), "location")->value);
  EXPECT_TRUE(rails != nullptr && rails->kind == twin::GeometryKind::line_string && rails->positions.size() == 2);
  expect_extent(sink, urn("TransportSquare", "square-of-the-town"), {0, 60, 0, 20, 80, 0});
  expect_extent(sink, urn("Track", "track-in-the-fields"), {0, 90, 0, 20, 92, 0});
  // Version 1 knows roads by their general name.
  const std::string complex = in("tran:TransportationComplex gml:id='road-of-version-one'", areas);
  EXPECT_EQ(import(sink, city("1.0", {complex})).imported, 1u);
  EXPECT_EQ(kinds_of(sink, urn("Road", "road-of-version-one")), R"([["trafficArea",2],["auxiliaryTrafficArea",1]])");
}

TEST(CityGmlKinds, RoadsOfVersionThreeBySectionsAndSpaces) {
  MemorySink sink;
  const auto space = [](const std::string& property, const std::string& element, const std::string& content) {
    return in("tran:" + property, in("tran:" + element, content));
  };
  const auto surface_of = [](const std::string& element, double y, double v) {
    return themed("core:boundary", "tran:" + element, "core:lod2MultiSurface", flat(0, y, 100, v, 0.2));
  };
  const std::string section =
      in("tran:section",
         in("tran:Section gml:id='section-of-the-road'",
            space("trafficSpace", "TrafficSpace",
                  "<tran:granularity>lane</tran:granularity>" + surface_of("TrafficArea", 0, 4)) +
                space("auxiliaryTrafficSpace", "AuxiliaryTrafficSpace", surface_of("AuxiliaryTrafficArea", 4, 6)) +
                space("marking", "Marking", in("core:lod2MultiSurface", surface({flat(0, 3.9, 100, 4, 0.21)})))));
  const std::string crossing =
      in("tran:intersection",
         in("tran:Intersection",
            space("trafficSpace", "TrafficSpace",
                  themed("core:boundary", "tran:TrafficArea", "core:lod2MultiSurface", flat(100, 0, 110, 6, 0.2)))));
  const std::string road =
      in("tran:Road gml:id='road-of-version-three'", "<tran:function>1010</tran:function>" + section + crossing);
  const std::string way =
      in("tran:Waterway gml:id='way-on-the-water'", in("core:lod2MultiSurface", surface({flat(0, 20, 50, 40, -1)})));
  const auto report = import(sink, city("3.0", {road, way}));
  expect_no_trouble(report);
  EXPECT_EQ(report.imported, 2u);
  const std::string id = urn("Road", "road-of-version-three");
  EXPECT_EQ(kinds_of(sink, id), R"([["trafficArea",1],["auxiliaryTrafficArea",1],["other",1],["trafficArea",1]])");
  expect_extent(sink, id, {0, 0, 0.2, 110, 6, 0.21});
  expect_extent(sink, urn("Waterway", "way-on-the-water"), {0, 20, -1, 50, 40, -1});
}

// A wall from (0,0) to (10,0), 4 m high, with a window and a door in it.
const std::string wall_face = polygon({{0, 0, 0}, {10, 0, 0}, {10, 0, 4}, {0, 0, 4}});
const std::string window_face = polygon({{2, 0, 1}, {4, 0, 1}, {4, 0, 3}, {2, 0, 3}});
const std::string door_face = polygon({{6, 0, 0}, {7, 0, 0}, {7, 0, 2}, {6, 0, 2}});

TEST(CityGmlKinds, WindowsAndDoorsInWalls) {
  const std::string roof = flat(0, 0, 10, 8, 4);
  for (const std::string version : {"1.0", "2.0", "3.0"}) {
    MemorySink sink;
    const bool is_three = version == "3.0";
    const std::string geometry = is_three ? "core:lod3MultiSurface" : "bldg:lod3MultiSurface";
    const std::string boundary = is_three ? "core:boundary" : "bldg:boundedBy", con = is_three ? "con:" : "bldg:";
    const std::string opening = is_three ? "con:fillingSurface" : "bldg:opening", ending = is_three ? "Surface" : "";
    const std::string wall = themed(boundary, con + "WallSurface", geometry, wall_face,
                                    themed(opening, con + "Window" + ending, geometry, window_face) +
                                        themed(opening, con + "Door" + ending, geometry, door_face));
    const auto report = import(sink, city(version, {in("bldg:Building gml:id='house-with-windows'",
                                                       wall + themed(boundary, con + "RoofSurface", geometry, roof))}));
    expect_no_trouble(report);
    const std::string id = urn("Building", "house-with-windows");
    EXPECT_EQ(kinds_of(sink, id), R"([["wall",1],["window",1],["door",1],["roof",1]])") << version;
    EXPECT_EQ(body_in(sink, id).lod, "3");
    expect_extent(sink, id, {0, 0, 0, 10, 8, 4});
  }
}

TEST(CityGmlKinds, AWindowByAPrototypeStandsInItsWall) {
  MemorySink sink;
  const std::string shape = polygon({{0, 0, 0}, {1, 0, 0}, {1, 0, 1.5}, {0, 0, 1.5}}, From::prototype);
  const auto window = [&](const std::string& content, double x) {
    return in(
        "bldg:opening",
        in("bldg:Window", in("bldg:lod3ImplicitRepresentation",
                             in("core:ImplicitGeometry",
                                content + in("core:referencePoint",
                                             in("gml:Point", in("gml:pos", numbers({x, 0, 1}, From::corner))))))));
  };
  const std::string wall = themed("bldg:boundedBy", "bldg:WallSurface", "bldg:lod3MultiSurface", wall_face,
                                  window(in("core:relativeGMLGeometry", "<gml:MultiSurface gml:id='a-window'>" +
                                                                            members({shape}) + "</gml:MultiSurface>"),
                                         2) +
                                      window("<core:relativeGMLGeometry xlink:href='#a-window'/>", 9.5));
  const auto report = import(sink, city("2.0", {in("bldg:Building gml:id='house-of-prototypes'", wall)}));
  expect_no_trouble(report);
  const std::string id = urn("Building", "house-of-prototypes");
  EXPECT_EQ(kinds_of(sink, id), R"([["wall",1],["window",2]])");
  expect_extent(sink, id, {0, 0, 0, 10.5, 0, 4});
}

TEST(CityGmlKinds, OfSeveralLevelsTheFinestIsTheOneThatIsDrawn) {
  MemorySink sink;
  const std::string house = in(
      "bldg:Building gml:id='house-of-all-levels'",
      in("bldg:lod0FootPrint", surface({flat(0, 0, 10, 8, 0)})) + in("bldg:lod1Solid", solid({0, 0, 0}, {10, 8, 9})) +
          in("bldg:lod2TerrainIntersection", "<gml:MultiCurve><gml:curveMember><gml:LineString><gml:posList>" +
                                                 numbers({0, 0, 0}, From::corner) + numbers({10, 0, 0}, From::corner) +
                                                 "</gml:posList></gml:LineString></gml:curveMember></gml:MultiCurve>") +
          themed("bldg:boundedBy", "bldg:RoofSurface", "bldg:lod2MultiSurface", flat(0, 0, 10, 8, 7)) +
          themed("bldg:boundedBy", "bldg:RoofSurface", "bldg:lod3MultiSurface", flat(-1, -1, 11, 9, 7.5)));
  const auto report = import(sink, city("2.0", {house}));
  expect_no_trouble(report);
  const std::string id = urn("Building", "house-of-all-levels");
  EXPECT_EQ(body_in(sink, id).lod, "3");
  expect_extent(sink, id, {-1, -1, 7.5, 11, 9, 7.5});
  std::vector<std::string> datasets;
  for (const twin::Attribute& attribute : sink.entities[id].attributes) {
    if (attribute.name == sink.term("body")) datasets.emplace_back(sink.terms().text(attribute.dataset));
  }
  std::sort(datasets.begin(), datasets.end());
  EXPECT_THAT(datasets, ::testing::ElementsAre("", "urn:ngsi-ld:Dataset:lod1", "urn:ngsi-ld:Dataset:lod2"));
  const auto* outline = std::get_if<twin::Geometry>(&sink.attribute(id, "location")->value);
  ASSERT_TRUE(outline != nullptr && outline->kind == twin::GeometryKind::polygon);
  const auto raw = CoordinateSystem::open("EPSG:25833")->from_wgs84(outline->positions[0]);
  EXPECT_NEAR(raw->first, corner[0], 0.01) << "it stands on its footprint, not under its eaves";
}

TEST(CityGmlKinds, RoomsAndStoreysArePartsOfTheirBuilding) {
  const std::string inner = in("bldg:interiorFurniture", in("bldg:BuildingFurniture gml:id='table-in-the-room'",
                                                            in("bldg:lod4Geometry", solid({2, 2, 0}, {3, 4, 0.8}))));
  const std::string room =
      in("bldg:Room gml:id='room-on-the-ground'",
         "<gml:name>Stube</gml:name>" +
             themed("bldg:boundedBy", "bldg:FloorSurface", "bldg:lod4MultiSurface", flat(1, 1, 5, 5, 0)) +
             themed("bldg:boundedBy", "bldg:CeilingSurface", "bldg:lod4MultiSurface", flat(1, 1, 5, 5, 2.5)) + inner);
  MemorySink sink;
  const auto two = import(
      sink, city("2.0", {in("bldg:Building gml:id='house-of-two'",
                            in("bldg:lod2Solid", solid({0, 0, 0}, {10, 8, 6})) + in("bldg:interiorRoom", room))}));
  expect_no_trouble(two);
  EXPECT_EQ(two.imported, 3u);
  const std::string id = urn("BuildingRoom", "room-on-the-ground");
  EXPECT_EQ(kinds_of(sink, id), R"([["floor",1],["ceiling",1]])");
  EXPECT_EQ(sink.value(id, "name"), Value(std::string("Stube")));
  EXPECT_EQ(sink.value(id, "partOf"), Value(urn("Building", "house-of-two")));
  expect_extent(sink, id, {1, 1, 0, 5, 5, 2.5});
  expect_extent(sink, urn("Building", "house-of-two"), {0, 0, 0, 10, 8, 6});
  EXPECT_EQ(sink.value(urn("BuildingFurniture", "table-in-the-room"), "partOf"), Value(id));

  MemorySink other;
  const auto three = import(
      other,
      city("3.0", {in("bldg:Building gml:id='house-of-three'",
                      in("core:lod2Solid", solid({0, 0, 0}, {10, 8, 6})) +
                          "<bldg:storeysAboveGround>2</bldg:storeysAboveGround>" +
                          in("bldg:buildingSubdivision", in("bldg:Storey gml:id='storey-on-the-ground'",
                                                            in("core:lod2Solid", solid({0, 0, 0}, {10, 8, 3})) +
                                                                "<bldg:buildingRoom xlink:href='#room-of-three'/>")) +
                          in("bldg:buildingSubdivision",
                             in("bldg:BuildingUnit gml:id='flat-on-the-ground'", "<gml:name>Wohnung 1</gml:name>")) +
                          in("bldg:buildingRoom", in("bldg:BuildingRoom gml:id='room-of-three'",
                                                     themed("core:boundary", "con:FloorSurface",
                                                            "core:lod3MultiSurface", flat(1, 1, 5, 5, 0)))))}));
  expect_no_trouble(three);
  EXPECT_EQ(three.imported, 4u);
  EXPECT_EQ(other.value(urn("Building", "house-of-three"), "levels"), Value(int64_t{2}));
  expect_extent(other, urn("BuildingStorey", "storey-on-the-ground"), {0, 0, 0, 10, 8, 3});
  for (const char* part :
       {"BuildingStorey:storey-on-the-ground", "BuildingUnit:flat-on-the-ground", "BuildingRoom:room-of-three"}) {
    EXPECT_EQ(other.value("urn:ngsi-ld:" + std::string(part), "partOf"), Value(urn("Building", "house-of-three")))
        << part;
  }
  EXPECT_EQ(kinds_of(other, urn("BuildingRoom", "room-of-three")), R"([["floor",1]])");
}

TEST(CityGmlKinds, InstallationsAndConstructiveElementsOfBuildings) {
  MemorySink sink;
  const std::string two = in("bldg:Building gml:id='house-with-a-balcony'",
                             in("bldg:lod2Solid", solid({0, 0, 0}, {10, 8, 6})) +
                                 in("bldg:outerBuildingInstallation",
                                    in("bldg:BuildingInstallation gml:id='balcony-of-house'",
                                       "<bldg:function>1000</bldg:function>" +
                                           in("bldg:lod3Geometry", surface(box_faces({2, -1.5, 3}, {5, 0, 4}))))));
  const std::string three =
      in("bldg:Building gml:id='house-of-elements'",
         in("core:lod2Solid", solid({20, 0, 0}, {30, 8, 6})) +
             in("bldg:buildingConstructiveElement", in("bldg:BuildingConstructiveElement gml:id='column-of-house'",
                                                       in("core:lod3Solid", solid({20, -1, 0}, {20.3, -0.7, 3})))));
  EXPECT_EQ(import(sink, city("2.0", {two})).imported, 2u);
  const std::string balcony = urn("BuildingInstallation", "balcony-of-house");
  expect_extent(sink, balcony, {2, -1.5, 3, 5, 0, 4});
  EXPECT_EQ(sink.value(balcony, "partOf"), Value(urn("Building", "house-with-a-balcony")));
  EXPECT_EQ(sink.value(balcony, "category"), Value(std::string("1000")));
  EXPECT_EQ(import(sink, city("3.0", {three})).imported, 2u);
  expect_extent(sink, urn("BuildingConstructiveElement", "column-of-house"), {20, -1, 0, 20.3, -0.7, 3});
}

}  // namespace
}  // namespace cityloom::space
