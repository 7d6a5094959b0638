// Whole building models into a record: counts, storeys, rooms and their areas, places on the earth, repeats, damage.
#include "space/ifc/ifc_import.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "space/coordinates.hpp"
#include "space/earth.hpp"
#include "space/ifc/testing_ifc.hpp"
#include "space/testing/memory_sink.hpp"
#include "space/testing/shared_data.hpp"

namespace cityloom::space {
namespace {

using testing::MemorySink;

std::string text_of(const MemorySink& sink, const std::string& id, const std::string& name) {
  const twin::Value value = sink.value(id, name);
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? "" : *text;
}
double number_of(const MemorySink& sink, const std::string& id, const std::string& name) {
  return twin::as_number(sink.value(id, name));
}
std::string name_of(const MemorySink& sink, const std::string& id) {
  const twin::Value value = sink.value(id, "name");
  const auto* json = std::get_if<twin::Json>(&value);
  return json == nullptr ? "" : json->text;
}
const twin::Geometry* geometry_of(const MemorySink& sink, const std::string& id, const std::string& name) {
  const twin::Attribute* attribute = sink.attribute(id, name);
  return attribute == nullptr ? nullptr : std::get_if<twin::Geometry>(&attribute->value);
}
std::vector<std::string> ids_of(const MemorySink& sink, const std::string& type) {
  std::vector<std::string> ids;
  for (const auto& [id, entity] : sink.entities) {
    if (id.starts_with("urn:ngsi-ld:" + type + ":")) ids.push_back(id);
  }
  return ids;
}
std::string id_by_number(const MemorySink& sink, const std::string& number) {
  for (const std::string& id : ids_of(sink, "Room")) {
    if (text_of(sink, id, "number") == number) return id;
  }
  return "";
}

// How often a class is instanced, counted in the text of the file: nothing of our reader is used.
size_t count_in_file(const std::string& path, const std::string& type) {
  std::ifstream file(path);
  std::string line;
  size_t count = 0;
  bool is_comment = false;
  while (std::getline(file, line)) {
    if (line.find("/*") != std::string::npos) is_comment = true;
    if (!is_comment && line.starts_with("#")) {
      const size_t at = line.find(type + "(");
      if (at != std::string::npos && (line[at - 1] == '=' || line[at - 1] == ' ')) ++count;
    }
    if (line.find("*/") != std::string::npos) is_comment = false;
  }
  return count;
}

class DuplexTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::shared_data("ifc/duplex-ifc2x3.ifc");
    CITYLOOM_REQUIRE_SHARED(path_);
    auto report = import_file(path_, sink_);
    ASSERT_TRUE(report.ok()) << report.error().text();
    report_ = *report;
  }
  std::string path_;
  MemorySink sink_;
  ImportReport report_;
};

TEST_F(DuplexTest, EveryProductIsAnEntity) {
  EXPECT_EQ(sink_.count("BuildingStorey"), 4u);
  EXPECT_EQ(sink_.count("Room"), count_in_file(path_, "IFCSPACE"));
  EXPECT_EQ(sink_.count("Building"), 1u);
  EXPECT_EQ(sink_.count("Site"), 1u);
  std::map<std::string, size_t> by_class;
  for (const std::string& id : ids_of(sink_, "BuildingElement")) ++by_class[text_of(sink_, id, "ifcClass")];
  const std::pair<const char*, const char*> classes[] = {{"IfcWallStandardCase", "IFCWALLSTANDARDCASE"},
                                                         {"IfcWall", "IFCWALL"},
                                                         {"IfcWindow", "IFCWINDOW"},
                                                         {"IfcDoor", "IFCDOOR"},
                                                         {"IfcSlab", "IFCSLAB"},
                                                         {"IfcRoof", "IFCROOF"},
                                                         {"IfcStair", "IFCSTAIR"},
                                                         {"IfcStairFlight", "IFCSTAIRFLIGHT"},
                                                         {"IfcRailing", "IFCRAILING"},
                                                         {"IfcBeam", "IFCBEAM"},
                                                         {"IfcMember", "IFCMEMBER"},
                                                         {"IfcFooting", "IFCFOOTING"},
                                                         {"IfcCovering", "IFCCOVERING"},
                                                         {"IfcFurnishingElement", "IFCFURNISHINGELEMENT"}};
  for (const auto& [ours, theirs] : classes) EXPECT_EQ(by_class[ours], count_in_file(path_, theirs)) << ours;
  EXPECT_EQ(report_.warnings_count, 0u) << report_.warnings.front().object << ": " << report_.warnings.front().reason;
}

TEST_F(DuplexTest, StoreysStandInOrder) {
  std::map<double, std::string> names;
  for (const std::string& id : ids_of(sink_, "BuildingStorey"))
    names[number_of(sink_, id, "elevation")] = name_of(sink_, id);
  ASSERT_EQ(names.size(), 4u);
  std::string order;
  for (const auto& [elevation, name] : names) order += name;
  EXPECT_EQ(order, R"({"@none":"T/FDN"}{"@none":"Level 1"}{"@none":"Level 2"}{"@none":"Roof"})");
  EXPECT_NEAR(names.begin()->first, -1.25, 1e-9);
}

TEST_F(DuplexTest, RoomsHaveTheirAreas) {
  size_t compared = 0;
  for (const std::string& id : ids_of(sink_, "Room")) {
    const double stated = number_of(sink_, id, "area"), computed = number_of(sink_, id, "computedArea");
    ASSERT_TRUE(stated > 0 && computed > 0) << id;
    // The file states areas up to the middle of the walls (GSA); what we find in a room's shape is its floor.
    EXPECT_TRUE(computed <= stated * 1.0001 && computed > stated * 0.75)
        << name_of(sink_, id) << " " << text_of(sink_, id, "number") << " " << stated << " " << computed;
    ++compared;
  }
  EXPECT_EQ(compared, 21u);
  const std::string living = id_by_number(sink_, "A102");
  EXPECT_EQ(name_of(sink_, living), R"({"@none":"Living Room"})");
  EXPECT_NEAR(number_of(sink_, living, "area"), 30.1416, 1e-4);                // the quantity "GSA BIM Area"
  EXPECT_NEAR(number_of(sink_, living, "computedArea"), 4.783 * 5.783, 1e-3);  // its profile
  EXPECT_NEAR(number_of(sink_, living, "height"), 2.581, 1e-3);
  // Of a bedroom the file also gives the area of its floor's covering, of the roof its projected area.
  EXPECT_NEAR(number_of(sink_, id_by_number(sink_, "B203"), "computedArea"), 22.043232, 1e-3);
  EXPECT_NEAR(number_of(sink_, id_by_number(sink_, "R301"), "computedArea"), 135.151156, 1e-3);
}

TEST_F(DuplexTest, ElementsSayWhatTheyAre) {
  const std::string wall = "urn:ngsi-ld:BuildingElement:2O2Fr$t4X7Zf8NOew3FKau";
  EXPECT_EQ(text_of(sink_, wall, "category"), "wall");
  EXPECT_NE(geometry_of(sink_, wall, "body"), nullptr);
  EXPECT_EQ(text_of(sink_, wall, "inBuilding"), "urn:ngsi-ld:Building:1xS3BCk291UvhgP2a6eflK");
  size_t hosted = 0, materials = 0, without_body = 0;
  for (const std::string& id : ids_of(sink_, "BuildingElement")) {
    if (!text_of(sink_, id, "host").empty()) ++hosted;
    if (!text_of(sink_, id, "material").empty()) ++materials;
    if (geometry_of(sink_, id, "body") == nullptr) ++without_body;
    ASSERT_NE(geometry_of(sink_, id, "location"), nullptr) << id;
    EXPECT_TRUE(geometry_of(sink_, id, "location")->check().ok());
  }
  EXPECT_EQ(hosted, 38u);  // IFCRELFILLSELEMENT
  EXPECT_GT(materials, 60u);
  EXPECT_LE(without_body, 3u);  // stairs and the roof are made of parts
}

TEST_F(DuplexTest, StandsWhereItsSiteSays) {
  const std::string building = "urn:ngsi-ld:Building:1xS3BCk291UvhgP2a6eflK";
  const twin::Geometry* location = geometry_of(sink_, building, "location");
  ASSERT_NE(location, nullptr);
  const twin::Box box = twin::bounds_of(*location);
  // 41 52' 27.84", -87 38' 21.839999": within some 20 m of the house.
  EXPECT_NEAR((box.north_deg + box.south_deg) / 2, 41 + 52 / 60.0 + 27.84 / 3600, 3e-4);
  EXPECT_NEAR((box.east_deg + box.west_deg) / 2, -(87 + 38 / 60.0 + 21.839999 / 3600), 3e-4);
  // Elevation 0 above sea level: EGM96 is -33.9 m in Chicago.
  EXPECT_NEAR(location->positions.front().height_m, -33.9, 0.5);
  EXPECT_NEAR(number_of(sink_, building, "height"), 7.0, 1.5);
  EXPECT_EQ(number_of(sink_, building, "levels"), 3);
  EXPECT_EQ(name_of(sink_, building), R"({"@none":"Duplex Apartment"})");
}

TEST_F(DuplexTest, DoorsAndStairsJoinRooms) {
  std::map<std::string, std::set<std::string>> next;
  size_t doors = 0, stairs = 0;
  for (const std::string& id : ids_of(sink_, "BuildingElement")) {
    const twin::Value value = sink_.value(id, "connects");
    const auto* pair = std::get_if<twin::Json>(&value);
    const std::string category = text_of(sink_, id, "category");
    if (category == "door" && (pair != nullptr || std::holds_alternative<std::string>(value))) ++doors;
    if (category == "stair" && pair != nullptr) ++stairs;
  }
  EXPECT_EQ(doors, 14u);
  EXPECT_GE(stairs, 2u);
}

TEST_F(DuplexTest, RepeatedImportChangesNothing) {
  const auto again = import_file(path_, sink_);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->imported, 0u);
  EXPECT_EQ(again->removed, 0u);
  EXPECT_EQ(again->unchanged, report_.imported);
}

TEST_F(DuplexTest, ANewPlacementMovesAllOfIt) {
  ImportOptions options;
  options.placement = Placement{127.1, 37.51, 40, 90};
  const auto moved = import_file(path_, sink_, options);
  ASSERT_TRUE(moved.ok()) << moved.error().text();
  EXPECT_EQ(moved->imported, report_.imported);
  const twin::Geometry* location = geometry_of(sink_, "urn:ngsi-ld:Building:1xS3BCk291UvhgP2a6eflK", "location");
  const twin::Box box = twin::bounds_of(*location);
  EXPECT_NEAR(box.west_deg, 127.1, 4e-4);
  EXPECT_NEAR(box.south_deg, 37.51, 4e-4);
  EXPECT_NEAR(location->positions.front().height_m, 40, 0.01);
}

TEST(IfcImport, RoadOf4x3) {
  const std::string path = testing::shared_data("ifc/road-ifc4x3.ifc");
  CITYLOOM_REQUIRE_SHARED(path);
  MemorySink sink;
  const auto report = import_file(path, sink);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(sink.count("Facility"), 1u);
  EXPECT_EQ(sink.count("FacilityPart"), count_in_file(path, "IFCFACILITYPART"));
  EXPECT_EQ(sink.count("BuildingElement"), count_in_file(path, "IFCPAVEMENT") + count_in_file(path, "IFCKERB"));
  const std::string pavement = "urn:ngsi-ld:BuildingElement:3YgZL9ZXXA_xmPsWoGAxwp";
  EXPECT_EQ(text_of(sink, pavement, "category"), "pavement");
  // A block of 11 by 6 by 0.3 m, in millimetres.
  EXPECT_NEAR(number_of(sink, pavement, "volume"), 11 * 6 * 0.3, 1e-6);
  // 24 28' 0" north, 54 25' 0" east; the pavement stands 9 m to the east and 56 m to the north.
  const twin::Geometry* location = geometry_of(sink, pavement, "location");
  ASSERT_NE(location, nullptr);
  const twin::Box box = twin::bounds_of(*location);
  const twin::Position origin{54 + 25 / 60.0, 24 + 28 / 60.0, 0};
  const LocalFrame frame(origin);
  const Vector corner = frame.local_of({box.west_deg, box.south_deg, 0});
  EXPECT_NEAR(corner.x, 9, 0.05);
  EXPECT_NEAR(corner.y, 56, 0.05);
}

// A wall of 4 by 0.2 by 3 m with a window of 1 by 1, standing in a building of one storey.
std::string small_house(const std::string& more = "", const std::string& site = "(37,30,36,0),(127,6,0,0),40.") {
  return testing::ifc_file(
      "#10=IFCSITE('0000000000000000000010',$,'Site',$,$,#11,$,$,.ELEMENT.," + site +
      ",$,$);#11=IFCLOCALPLACEMENT($,#4);"
      "#20=IFCBUILDING('0000000000000000000020',$,'House',$,$,#21,$,$,.ELEMENT.,$,$,$);#21=IFCLOCALPLACEMENT(#11,#4);"
      "#30=IFCBUILDINGSTOREY('0000000000000000000030',$,'1','',$,#31,$,'\\X2\\C9C0C0C1\\X0\\',.ELEMENT.,0.);#31="
      "IFCLOCALPLACEMENT(#21,#4);"
      "#15=IFCRELAGGREGATES('0000000000000000000015',$,$,$,#1,(#10));#16=IFCRELAGGREGATES('0000000000000000000016',$,$,"
      "$,#10,(#20));"
      "#17=IFCRELAGGREGATES('0000000000000000000017',$,$,$,#20,(#30));"
      "#40=IFCWALL('0000000000000000000040',$,'Wall',$,$,#41,#42,'T1',$);#41=IFCLOCALPLACEMENT(#31,#4);#42="
      "IFCPRODUCTDEFINITIONSHAPE($,$,(#43));"
      "#43=IFCSHAPEREPRESENTATION(#3,'Body','CSG',(#44));#44=IFCBLOCK(#4,4.,0.2,3.);"
      "#50=IFCOPENINGELEMENT('0000000000000000000050',$,$,$,$,#51,#52,$,$);#51=IFCLOCALPLACEMENT(#41,#54);#52="
      "IFCPRODUCTDEFINITIONSHAPE($,$,(#53));"
      "#53=IFCSHAPEREPRESENTATION(#3,'Body','CSG',(#55));#55=IFCBLOCK(#4,1.,0.2,1.);#54=IFCAXIS2PLACEMENT3D(#56,$,$);#"
      "56=IFCCARTESIANPOINT((1.,0.,1.));"
      "#57=IFCRELVOIDSELEMENT('0000000000000000000057',$,$,$,#40,#50);"
      "#60=IFCRELCONTAINEDINSPATIALSTRUCTURE('0000000000000000000060',$,$,$,(#40),#30);" +
      more);
}
const std::string wall_id = "urn:ngsi-ld:BuildingElement:0000000000000000000040";

ImportReport import_text(MemorySink& sink, const std::string& text, const ImportOptions& options = {}) {
  auto report = import_bytes("house.ifc", text, sink, options);
  EXPECT_TRUE(report.ok()) << (report.ok() ? "" : report.error().text());
  return report.ok() ? *report : ImportReport{};
}

TEST(IfcImport, OpeningsAreCutAndCounted) {
  MemorySink sink;
  const ImportReport report = import_text(sink, small_house());
  EXPECT_EQ(report.warnings_count, 0u);
  EXPECT_NEAR(number_of(sink, wall_id, "volume"), 4 * 0.2 * 3 - 0.2, 1e-6);
  EXPECT_EQ(name_of(sink, "urn:ngsi-ld:BuildingStorey:0000000000000000000030"), R"({"@none":"지상"})");
  EXPECT_EQ(text_of(sink, wall_id, "containedIn"), "urn:ngsi-ld:BuildingStorey:0000000000000000000030");
}

TEST(IfcImport, PlacesByMapConversion) {
  // EPSG:5186 is northing first; the model turned a quarter to the left; heights of a known datum of the ellipsoid's.
  const std::string map =
      "#70=IFCMAPCONVERSION(#3,#71,200000.,600000.,10.,0.,1.,1.);#71=IFCPROJECTEDCRS('EPSG:5186',$,$,$,$,$,$);";
  MemorySink sink;
  import_text(sink, small_house(map));
  const twin::Geometry* body = geometry_of(sink, wall_id, "body");
  ASSERT_NE(body, nullptr);
  // 200000 east, 600000 north is the origin of Korea 2000 / Central Belt 2010: 127 east, 38 north.
  const twin::Box box = twin::bounds_of(*body);
  EXPECT_NEAR(box.east_deg, 127, 1e-6);
  EXPECT_NEAR(box.south_deg, 38, 1e-6);
  const LocalFrame frame({127, 38, 0});
  const Vector far_corner = frame.local_of({box.west_deg, box.north_deg, 0});
  EXPECT_NEAR(far_corner.x, -0.2, 1e-3);
  EXPECT_NEAR(far_corner.y, 4, 1e-3);
  double lowest = 1e9;
  for (const twin::Position& position : body->positions) lowest = std::min(lowest, position.height_m);
  const auto geoid = CoordinateSystem::open("EPSG:4326+5773", MissingGrids::approximate)->to_wgs84({38, 127, 0});
  EXPECT_NEAR(lowest, 10 + geoid->height_m, 0.01);
}

TEST(IfcImport, HeightsAboveASeaLevelWithoutItsGridAreTold) {
  const std::string map =
      "#70=IFCMAPCONVERSION(#3,#71,200000.,600000.,10.,1.,0.,1.);"
      "#71=IFCPROJECTEDCRS('EPSG:5186',$,$,'EPSG:5193',$,$,$);";
  MemorySink sink;
  const auto report = import_text(sink, small_house(map));
  ASSERT_EQ(report.warnings_count, 1u);
  EXPECT_NE(report.warnings[0].reason.find("Incheon height need the grid of its sea level"), std::string::npos)
      << report.warnings[0].reason;
  double lowest = 1e9;
  for (const twin::Position& position : geometry_of(sink, wall_id, "body")->positions) {
    lowest = std::min(lowest, position.height_m);
  }
  const auto geoid = CoordinateSystem::open("EPSG:4326+5773")->to_wgs84({38, 127, 0});
  EXPECT_NEAR(lowest, 10 + geoid->height_m, 0.1);
}

TEST(IfcImport, TrueNorthTurnsTheModel) {
  std::string text = small_house();
  const std::string context = "IFCGEOMETRICREPRESENTATIONCONTEXT($,'Model',3,1.E-5,#4,$)";
  // North lies along the project's x axis: so does the wall.
  text.replace(text.find(context), context.size(), "IFCGEOMETRICREPRESENTATIONCONTEXT($,'Model',3,1.E-5,#4,#8)");
  text.insert(text.find("#7="), "#8=IFCDIRECTION((1.,0.));");
  MemorySink sink;
  import_text(sink, text);
  const twin::Box box = twin::bounds_of(*geometry_of(sink, wall_id, "body"));
  const LocalFrame frame({127.1, 37.51, 0});
  const Vector low = frame.local_of({box.west_deg, box.south_deg, 0}),
               high = frame.local_of({box.east_deg, box.north_deg, 0});
  EXPECT_NEAR(high.y - low.y, 4, 1e-3);
  EXPECT_NEAR(high.x - low.x, 0.2, 1e-3);
}

TEST(IfcImport, WhatStandsNowhereAsksForAPlacement) {
  MemorySink sink;
  const auto report = import_bytes("house.ifc", small_house("", "$,$,$"), sink);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, base::Code::invalid);
  EXPECT_NE(report.error().remedy.find("placement"), std::string::npos);
  EXPECT_TRUE(sink.entities.empty());
  ImportOptions options;
  options.placement = Placement{127.1, 37.51, 12, 30};
  import_text(sink, small_house("", "$,$,$"), options);
  EXPECT_EQ(sink.count("BuildingElement"), 1u);
}

TEST(IfcImport, PropertiesMaterialsAndAge) {
  const std::string more =
      "#80=IFCPROPERTYSET('0000000000000000000080',$,'Pset_WallCommon',$,(#81,#82,#83,#84));#81=IFCPROPERTYSINGLEVALUE("
      "'FireRating',$,IFCLABEL('F90'),$);"
      "#82=IFCPROPERTYSINGLEVALUE('LoadBearing',$,IFCBOOLEAN(.T.),$);#83=IFCPROPERTYSINGLEVALUE('ThermalTransmittance',"
      "$,IFCTHERMALTRANSMITTANCEMEASURE(0.24),$);"
      "#84=IFCPROPERTYENUMERATEDVALUE('Status',$,(IFCLABEL('New'),IFCLABEL('Demolish')),$);"
      "#85=IFCRELDEFINESBYPROPERTIES('0000000000000000000085',$,$,$,(#40),#80);"
      "#86=IFCRELASSOCIATESMATERIAL('0000000000000000000086',$,$,$,(#40),#87);#87=IFCMATERIALLAYERSETUSAGE(#88,.AXIS2.,"
      ".POSITIVE.,0.);"
      "#88=IFCMATERIALLAYERSET((#89,#90),'Wall');#89=IFCMATERIALLAYER(#91,0.115,$);#90=IFCMATERIALLAYER(#92,0.085,$);#"
      "91=IFCMATERIAL('Brick');#92=IFCMATERIAL('Wool');"
      "#93=IFCELEMENTQUANTITY('0000000000000000000093',$,'BaseQuantities',$,$,(#94));#94=IFCQUANTITYVOLUME('NetVolume',"
      "$,$,2.2);"
      "#95=IFCRELDEFINESBYPROPERTIES('0000000000000000000095',$,$,$,(#40),#93);";
  MemorySink sink;
  const ImportReport report = import_text(sink, small_house(more));
  EXPECT_EQ(report.warnings_count, 0u);
  EXPECT_EQ(text_of(sink, wall_id, "fireRating"), "F90");
  EXPECT_EQ(text_of(sink, wall_id, "material"), "Brick, Wool");
  EXPECT_EQ(sink.value(wall_id, "loadBearing"), twin::Value(true));
  EXPECT_NEAR(number_of(sink, wall_id, "thermalTransmittance"), 0.24, 1e-12);
  EXPECT_NEAR(number_of(sink, wall_id, "volume"), 2.2, 1e-12);
  EXPECT_EQ(std::get<twin::Json>(sink.value(wall_id, "materialLayers")).text,
            R"([{"material":"Brick","thickness":0.115},{"material":"Wool","thickness":0.085}])");
  EXPECT_EQ(
      std::get<twin::Json>(sink.value(wall_id, "propertySets")).text,
      R"({"Pset_WallCommon":{"FireRating":"F90","LoadBearing":true,"Status":["New","Demolish"],"ThermalTransmittance":0.24}})");
  // What a later file does not say any more ends.
  import_text(sink, small_house());
  EXPECT_EQ(text_of(sink, wall_id, "fireRating"), "");
}

// Products of these classes in a row in a room, each a block of half a metre; `more` for relations. A line is
// {class, what follows its tag}.
std::string equipped_house(const std::vector<std::pair<std::string, std::string>>& classes, const std::string& more) {
  std::string text =
      "#200=IFCSPACE('0000000000000000000200',$,'101','',$,#31,#42,'Plant room',.ELEMENT.,.INTERNAL.,$);"
      "#201=IFCRELAGGREGATES('0000000000000000000201',$,$,$,#30,(#200));#202=IFCPRODUCTDEFINITIONSHAPE($,$,(#203));"
      "#203=IFCSHAPEREPRESENTATION(#3,'Body','CSG',(#204));#204=IFCBLOCK(#4,0.5,0.5,0.5);";
  std::string all;
  for (size_t i = 0; i < classes.size(); ++i) {
    const std::string number = std::to_string(300 + 10 * i), base = std::to_string(300 + 10 * i + 1);
    const std::string axis = std::to_string(300 + 10 * i + 2), point = std::to_string(300 + 10 * i + 3);
    text += "#" + number + "=" + classes[i].first + "('0000000000000000000" + number + "',$,'Thing " + number +
            "',$,$,#" + base + ",#202,'T-" + number + "'" + classes[i].second + ");#" + base +
            "=IFCLOCALPLACEMENT(#31,#" + axis + ");#" + axis + "=IFCAXIS2PLACEMENT3D(#" + point + ",$,$);#" + point +
            "=IFCCARTESIANPOINT((" + std::to_string(i) + ".,0.,1.));";
    all += (all.empty() ? "#" : ",#") + number;
  }
  return small_house(text + "#299=IFCRELCONTAINEDINSPATIALSTRUCTURE('0000000000000000000299',$,$,$,(" + all +
                     "),#200);" + more);
}

// "Device sensor TEMPERATURESENSOR", by the number of the product.
std::string kind_of(const MemorySink& sink, int number) {
  for (const char* type : {"Device", "Equipment", "BuildingElement"}) {
    const std::string id = "urn:ngsi-ld:" + std::string(type) + ":0000000000000000000" + std::to_string(number);
    if (!sink.entities.contains(id)) continue;
    EXPECT_NE(geometry_of(sink, id, "body"), nullptr) << id;
    EXPECT_EQ(text_of(sink, id, "containedIn"), "urn:ngsi-ld:Room:0000000000000000000200") << id;
    EXPECT_EQ(text_of(sink, id, "tag"), "T-" + std::to_string(number));
    const std::string kind = text_of(sink, id, type == std::string("BuildingElement") ? "category" : "kind");
    return std::string(type) + " " + kind + " " + text_of(sink, id, "predefinedType");
  }
  return "none";
}

TEST(IfcImport, EquipmentAndDevicesOfVersion4) {
  MemorySink sink;
  const auto report = import_text(sink, equipped_house({{"IFCSENSOR", ",.TEMPERATURESENSOR."},
                                                        {"IFCUNITARYEQUIPMENT", ",.AIRCONDITIONINGUNIT."},
                                                        {"IFCFURNITURE", ",.CHAIR."},
                                                        {"IFCFLOWTERMINAL", ""},
                                                        {"IFCLIGHTFIXTURE", ",.POINTSOURCE."},
                                                        {"IFCALARM", ",.SIREN."},
                                                        {"IFCPUMP", ",$"},
                                                        {"IFCFLOWMETER", ",.WATERMETER."},
                                                        {"IFCAUDIOVISUALAPPLIANCE", ",.CAMERA."}},
                                                       ""));
  EXPECT_EQ(report.warnings_count, 0u);
  EXPECT_EQ(kind_of(sink, 300), "Device sensor TEMPERATURESENSOR");
  EXPECT_EQ(kind_of(sink, 310), "Equipment unitary AIRCONDITIONINGUNIT");
  EXPECT_EQ(kind_of(sink, 320), "BuildingElement furniture CHAIR");
  EXPECT_EQ(kind_of(sink, 330), "Equipment terminal ");
  EXPECT_EQ(kind_of(sink, 340), "Equipment light POINTSOURCE");
  EXPECT_EQ(kind_of(sink, 350), "Device alarm SIREN");
  EXPECT_EQ(kind_of(sink, 360), "Equipment pump ");
  EXPECT_EQ(kind_of(sink, 370), "Device flowMeter WATERMETER");
  EXPECT_EQ(kind_of(sink, 380), "Equipment audioVisual CAMERA");
  const twin::Box box = twin::bounds_of(*geometry_of(sink, "urn:ngsi-ld:Device:0000000000000000000350", "body"));
  const LocalFrame frame({127.1, 37.51, 0});
  EXPECT_NEAR(frame.local_of({box.west_deg, box.south_deg, 0}).x, 5, 0.01) << "where it stands";
}

TEST(IfcImport, EquipmentAndDevicesOfVersion2x3ByTheirTypes) {
  const auto of_type = [](int product, const std::string& type, const std::string& predefined) {
    const std::string number = std::to_string(product + 5), relation = std::to_string(product + 6);
    return "#" + number + "=" + type + "('0000000000000000000" + number + "',$,'Type',$,$,$,$,$,$," + predefined +
           ");#" + relation + "=IFCRELDEFINESBYTYPE('0000000000000000000" + relation + "',$,$,$,(#" +
           std::to_string(product) + "),#" + number + ");";
  };
  MemorySink sink;
  std::string text = equipped_house(
      {{"IFCFLOWTERMINAL", ""},
       {"IFCDISTRIBUTIONCONTROLELEMENT", ",$"},
       {"IFCFURNISHINGELEMENT", ""},
       {"IFCFLOWCONTROLLER", ""},
       {"IFCENERGYCONVERSIONDEVICE", ""},
       {"IFCFLOWTERMINAL", ""},
       {"IFCFLOWCONTROLLER", ""},
       {"IFCFLOWTERMINAL", ""}},
      of_type(300, "IFCSANITARYTERMINALTYPE", ".WASHHANDBASIN.") + of_type(310, "IFCSENSORTYPE", ".SMOKESENSOR.") +
          of_type(320, "IFCFURNITURETYPE", ".FLOOR.") + of_type(330, "IFCVALVETYPE", ".ISOLATING.") +
          of_type(340, "IFCUNITARYEQUIPMENTTYPE", ".AIRHANDLER.") + of_type(360, "IFCFLOWMETERTYPE", ".WATERMETER.") +
          of_type(370, "IFCWALLTYPE", ".STANDARD."));
  text.replace(text.find("'IFC4'"), 6, "'IFC2X3'");
  EXPECT_EQ(import_text(sink, text).warnings_count, 0u);
  EXPECT_EQ(kind_of(sink, 300), "Equipment sanitary WASHHANDBASIN");
  EXPECT_EQ(kind_of(sink, 310), "Device sensor SMOKESENSOR");
  EXPECT_EQ(kind_of(sink, 320), "BuildingElement furniture ");
  EXPECT_EQ(kind_of(sink, 330), "Equipment valve ISOLATING");
  EXPECT_EQ(kind_of(sink, 340), "Equipment unitary AIRHANDLER");
  EXPECT_EQ(kind_of(sink, 350), "Equipment terminal ") << "without a type, its class is all that is known";
  EXPECT_EQ(kind_of(sink, 360), "Device flowMeter WATERMETER");
  EXPECT_EQ(kind_of(sink, 370), "Equipment terminal STANDARD") << "a type of another kind does not make it a wall";
  EXPECT_EQ(text_of(sink, "urn:ngsi-ld:Device:0000000000000000000310", "ifcClass"), "IfcDistributionControlElement");
}

TEST(IfcImport, DamageIsToldWithNumbersAndTheRestComesIn) {
  const std::string more =
      // A wall that places itself, one whose shape is missing, one far away, one without GlobalId, a storey in a
      // circle.
      "#100=IFCWALL('0000000000000000000100',$,'A',$,$,#101,#42,$,$);#101=IFCLOCALPLACEMENT(#101,#4);"
      "#110=IFCWALL('0000000000000000000110',$,'B',$,$,#41,#999,$,$);"
      "#120=IFCWALL('0000000000000000000120',$,'C',$,$,#121,#42,$,$);#121=IFCLOCALPLACEMENT(#31,#122);#122="
      "IFCAXIS2PLACEMENT3D(#123,$,$);#123=IFCCARTESIANPOINT((1.E9,0.,0.));"
      "#130=IFCWALL($,$,'D',$,$,#41,#42,$,$);"
      "#140=IFCBUILDINGSTOREY('0000000000000000000140',$,'E',$,$,#31,$,$,.ELEMENT.,'high');#141=IFCRELAGGREGATES('"
      "0000000000000000000141',$,$,$,#140,(#140));"
      "#150=IFCRELCONTAINEDINSPATIALSTRUCTURE('0000000000000000000150',$,$,$,(#110,#12345),#99999);#160=IFCWALL(((;"
      "#170=IFCRELVOIDSELEMENT('0000000000000000000170',$,$,$,#40,#998);";
  MemorySink sink;
  const ImportReport report = import_text(sink, small_house(more));
  std::string told;
  for (const ImportWarning& warning : report.warnings) told += warning.object + ": " + warning.reason + "\n";
  EXPECT_NE(told.find("#101"), std::string::npos) << told;
  EXPECT_NE(told.find("#999"), std::string::npos) << told;
  EXPECT_NE(told.find("#123"), std::string::npos) << told;
  EXPECT_NE(told.find("#130 IFCWALL"), std::string::npos) << told;
  EXPECT_NE(told.find("#140 IFCBUILDINGSTOREY: it belongs to itself"), std::string::npos) << told;
  EXPECT_NE(told.find("#160"), std::string::npos) << told;
  EXPECT_NE(told.find("#170 IFCRELVOIDSELEMENT"), std::string::npos) << told;
  EXPECT_EQ(number_of(sink, wall_id, "volume"), 2.2);
  EXPECT_EQ(sink.count("BuildingElement"), 4u);
}

TEST(IfcImport, RefusesWhatIsNoModel) {
  MemorySink sink;
  EXPECT_EQ(import_bytes("x.ifc", "ISO-10303-21;DATA;#1=IFCWALL(", sink).error().code, base::Code::corrupt);
  EXPECT_EQ(import_bytes("x.ifc", testing::ifc_file(""), sink).error().code, base::Code::corrupt);
  EXPECT_EQ(import_bytes("x.ifc", "<ifcXML/>", sink).error().code, base::Code::unsupported);
  EXPECT_TRUE(sink.entities.empty());
}

}  // namespace
}  // namespace cityloom::space
