//! Numbers of messages and parameters (LLRP 1.1, 16 and 17), with their names.

/// Message types.
pub mod message {
    /// `GET_READER_CAPABILITIES`
    pub const GET_READER_CAPABILITIES: u16 = 1;
    /// `GET_READER_CONFIG`
    pub const GET_READER_CONFIG: u16 = 2;
    /// `SET_READER_CONFIG`
    pub const SET_READER_CONFIG: u16 = 3;
    /// `CLOSE_CONNECTION_RESPONSE`
    pub const CLOSE_CONNECTION_RESPONSE: u16 = 4;
    /// `GET_READER_CAPABILITIES_RESPONSE`
    pub const GET_READER_CAPABILITIES_RESPONSE: u16 = 11;
    /// `GET_READER_CONFIG_RESPONSE`
    pub const GET_READER_CONFIG_RESPONSE: u16 = 12;
    /// `SET_READER_CONFIG_RESPONSE`
    pub const SET_READER_CONFIG_RESPONSE: u16 = 13;
    /// `CLOSE_CONNECTION`
    pub const CLOSE_CONNECTION: u16 = 14;
    /// `ADD_ROSPEC`
    pub const ADD_ROSPEC: u16 = 20;
    /// `DELETE_ROSPEC`
    pub const DELETE_ROSPEC: u16 = 21;
    /// `START_ROSPEC`
    pub const START_ROSPEC: u16 = 22;
    /// `STOP_ROSPEC`
    pub const STOP_ROSPEC: u16 = 23;
    /// `ENABLE_ROSPEC`
    pub const ENABLE_ROSPEC: u16 = 24;
    /// `DISABLE_ROSPEC`
    pub const DISABLE_ROSPEC: u16 = 25;
    /// `GET_ROSPECS`
    pub const GET_ROSPECS: u16 = 26;
    /// `ADD_ROSPEC_RESPONSE`
    pub const ADD_ROSPEC_RESPONSE: u16 = 30;
    /// `DELETE_ROSPEC_RESPONSE`
    pub const DELETE_ROSPEC_RESPONSE: u16 = 31;
    /// `START_ROSPEC_RESPONSE`
    pub const START_ROSPEC_RESPONSE: u16 = 32;
    /// `STOP_ROSPEC_RESPONSE`
    pub const STOP_ROSPEC_RESPONSE: u16 = 33;
    /// `ENABLE_ROSPEC_RESPONSE`
    pub const ENABLE_ROSPEC_RESPONSE: u16 = 34;
    /// `DISABLE_ROSPEC_RESPONSE`
    pub const DISABLE_ROSPEC_RESPONSE: u16 = 35;
    /// `GET_ROSPECS_RESPONSE`
    pub const GET_ROSPECS_RESPONSE: u16 = 36;
    /// `DELETE_ACCESSSPEC`
    pub const DELETE_ACCESSSPEC: u16 = 41;
    /// `GET_SUPPORTED_VERSION`
    pub const GET_SUPPORTED_VERSION: u16 = 46;
    /// `SET_PROTOCOL_VERSION`
    pub const SET_PROTOCOL_VERSION: u16 = 47;
    /// `ADD_ACCESSSPEC_RESPONSE`
    pub const ADD_ACCESSSPEC_RESPONSE: u16 = 50;
    /// `DELETE_ACCESSSPEC_RESPONSE`
    pub const DELETE_ACCESSSPEC_RESPONSE: u16 = 51;
    /// `ENABLE_ACCESSSPEC_RESPONSE`
    pub const ENABLE_ACCESSSPEC_RESPONSE: u16 = 52;
    /// `DISABLE_ACCESSSPEC_RESPONSE`
    pub const DISABLE_ACCESSSPEC_RESPONSE: u16 = 53;
    /// `GET_ACCESSSPECS_RESPONSE`
    pub const GET_ACCESSSPECS_RESPONSE: u16 = 54;
    /// `GET_SUPPORTED_VERSION_RESPONSE`
    pub const GET_SUPPORTED_VERSION_RESPONSE: u16 = 56;
    /// `SET_PROTOCOL_VERSION_RESPONSE`
    pub const SET_PROTOCOL_VERSION_RESPONSE: u16 = 57;
    /// `GET_REPORT`
    pub const GET_REPORT: u16 = 60;
    /// `RO_ACCESS_REPORT`
    pub const RO_ACCESS_REPORT: u16 = 61;
    /// `KEEPALIVE`
    pub const KEEPALIVE: u16 = 62;
    /// `READER_EVENT_NOTIFICATION`
    pub const READER_EVENT_NOTIFICATION: u16 = 63;
    /// `ENABLE_EVENTS_AND_REPORTS`
    pub const ENABLE_EVENTS_AND_REPORTS: u16 = 64;
    /// `KEEPALIVE_ACK`
    pub const KEEPALIVE_ACK: u16 = 72;
    /// `ERROR_MESSAGE`
    pub const ERROR_MESSAGE: u16 = 100;
    /// `CUSTOM_MESSAGE`
    pub const CUSTOM_MESSAGE: u16 = 1023;
}

const MESSAGES: [(u16, &str); 46] = [
    (1, "GET_READER_CAPABILITIES"),
    (2, "GET_READER_CONFIG"),
    (3, "SET_READER_CONFIG"),
    (4, "CLOSE_CONNECTION_RESPONSE"),
    (11, "GET_READER_CAPABILITIES_RESPONSE"),
    (12, "GET_READER_CONFIG_RESPONSE"),
    (13, "SET_READER_CONFIG_RESPONSE"),
    (14, "CLOSE_CONNECTION"),
    (20, "ADD_ROSPEC"),
    (21, "DELETE_ROSPEC"),
    (22, "START_ROSPEC"),
    (23, "STOP_ROSPEC"),
    (24, "ENABLE_ROSPEC"),
    (25, "DISABLE_ROSPEC"),
    (26, "GET_ROSPECS"),
    (30, "ADD_ROSPEC_RESPONSE"),
    (31, "DELETE_ROSPEC_RESPONSE"),
    (32, "START_ROSPEC_RESPONSE"),
    (33, "STOP_ROSPEC_RESPONSE"),
    (34, "ENABLE_ROSPEC_RESPONSE"),
    (35, "DISABLE_ROSPEC_RESPONSE"),
    (36, "GET_ROSPECS_RESPONSE"),
    (40, "ADD_ACCESSSPEC"),
    (41, "DELETE_ACCESSSPEC"),
    (42, "ENABLE_ACCESSSPEC"),
    (43, "DISABLE_ACCESSSPEC"),
    (44, "GET_ACCESSSPECS"),
    (45, "CLIENT_REQUEST_OP"),
    (46, "GET_SUPPORTED_VERSION"),
    (47, "SET_PROTOCOL_VERSION"),
    (50, "ADD_ACCESSSPEC_RESPONSE"),
    (51, "DELETE_ACCESSSPEC_RESPONSE"),
    (52, "ENABLE_ACCESSSPEC_RESPONSE"),
    (53, "DISABLE_ACCESSSPEC_RESPONSE"),
    (54, "GET_ACCESSSPECS_RESPONSE"),
    (55, "CLIENT_REQUEST_OP_RESPONSE"),
    (56, "GET_SUPPORTED_VERSION_RESPONSE"),
    (57, "SET_PROTOCOL_VERSION_RESPONSE"),
    (60, "GET_REPORT"),
    (61, "RO_ACCESS_REPORT"),
    (62, "KEEPALIVE"),
    (63, "READER_EVENT_NOTIFICATION"),
    (64, "ENABLE_EVENTS_AND_REPORTS"),
    (72, "KEEPALIVE_ACK"),
    (100, "ERROR_MESSAGE"),
    (1023, "CUSTOM_MESSAGE"),
];

/// The standard's name of a message type; `None` for a type that it does not have.
pub fn message_name(kind: u16) -> Option<&'static str> {
    let found = MESSAGES.iter().find(|(number, _)| *number == kind);
    found.map(|(_, name)| *name)
}

macro_rules! parameters {
    ($($name:ident = $number:literal $text:literal;)*) => {
        /// Parameter types.
        pub mod parameter {
            $(#[doc = concat!("`", $text, "`")] pub const $name: u16 = $number;)*
        }
        /// The standard's name of a parameter type that this codec reads.
        pub fn parameter_name(kind: u16) -> &'static str {
            match kind {
                $($number => $text,)*
                _ => "a parameter",
            }
        }
    };
}

parameters! {
    ANTENNA_ID = 1 "AntennaID";
    FIRST_SEEN_UTC = 2 "FirstSeenTimestampUTC";
    FIRST_SEEN_UPTIME = 3 "FirstSeenTimestampUptime";
    LAST_SEEN_UTC = 4 "LastSeenTimestampUTC";
    LAST_SEEN_UPTIME = 5 "LastSeenTimestampUptime";
    PEAK_RSSI = 6 "PeakRSSI";
    CHANNEL_INDEX = 7 "ChannelIndex";
    TAG_SEEN_COUNT = 8 "TagSeenCount";
    ROSPEC_ID = 9 "ROSpecID";
    INVENTORY_PARAMETER_SPEC_ID = 10 "InventoryParameterSpecID";
    C1G2_CRC = 11 "C1G2_CRC";
    C1G2_PC = 12 "C1G2_PC";
    EPC_96 = 13 "EPC_96";
    SPEC_INDEX = 14 "SpecIndex";
    ACCESS_SPEC_ID = 16 "AccessSpecID";
    OP_SPEC_ID = 17 "OpSpecID";
    UTC_TIMESTAMP = 128 "UTCTimestamp";
    UPTIME = 129 "Uptime";
    GENERAL_DEVICE_CAPABILITIES = 137 "GeneralDeviceCapabilities";
    RECEIVE_SENSITIVITY_ENTRY = 139 "ReceiveSensitivityTableEntry";
    PER_ANTENNA_AIR_PROTOCOL = 140 "PerAntennaAirProtocol";
    GPIO_CAPABILITIES = 141 "GPIOCapabilities";
    LLRP_CAPABILITIES = 142 "LLRPCapabilities";
    REGULATORY_CAPABILITIES = 143 "RegulatoryCapabilities";
    UHF_BAND_CAPABILITIES = 144 "UHFBandCapabilities";
    TRANSMIT_POWER_ENTRY = 145 "TransmitPowerLevelTableEntry";
    FREQUENCY_INFORMATION = 146 "FrequencyInformation";
    FREQUENCY_HOP_TABLE = 147 "FrequencyHopTable";
    FIXED_FREQUENCY_TABLE = 148 "FixedFrequencyTable";
    ROSPEC = 177 "ROSpec";
    RO_BOUNDARY_SPEC = 178 "ROBoundarySpec";
    ROSPEC_START_TRIGGER = 179 "ROSpecStartTrigger";
    PERIODIC_TRIGGER = 180 "PeriodicTriggerValue";
    GPI_TRIGGER = 181 "GPITriggerValue";
    ROSPEC_STOP_TRIGGER = 182 "ROSpecStopTrigger";
    AISPEC = 183 "AISpec";
    AISPEC_STOP_TRIGGER = 184 "AISpecStopTrigger";
    TAG_OBSERVATION_TRIGGER = 185 "TagObservationTrigger";
    INVENTORY_PARAMETER_SPEC = 186 "InventoryParameterSpec";
    LLRP_CONFIGURATION_STATE = 217 "LLRPConfigurationStateValue";
    IDENTIFICATION = 218 "Identification";
    GPO_WRITE_DATA = 219 "GPOWriteData";
    KEEPALIVE_SPEC = 220 "KeepaliveSpec";
    ANTENNA_PROPERTIES = 221 "AntennaProperties";
    ANTENNA_CONFIGURATION = 222 "AntennaConfiguration";
    RF_RECEIVER = 223 "RFReceiver";
    RF_TRANSMITTER = 224 "RFTransmitter";
    GPI_PORT_CURRENT_STATE = 225 "GPIPortCurrentState";
    EVENTS_AND_REPORTS = 226 "EventsAndReports";
    RO_REPORT_SPEC = 237 "ROReportSpec";
    TAG_REPORT_CONTENT_SELECTOR = 238 "TagReportContentSelector";
    ACCESS_REPORT_SPEC = 239 "AccessReportSpec";
    TAG_REPORT_DATA = 240 "TagReportData";
    EPC_DATA = 241 "EPCData";
    READER_EVENT_NOTIFICATION_SPEC = 244 "ReaderEventNotificationSpec";
    EVENT_NOTIFICATION_STATE = 245 "EventNotificationState";
    READER_EVENT_NOTIFICATION_DATA = 246 "ReaderEventNotificationData";
    HOPPING_EVENT = 247 "HoppingEvent";
    GPI_EVENT = 248 "GPIEvent";
    ROSPEC_EVENT = 249 "ROSpecEvent";
    REPORT_BUFFER_LEVEL_WARNING_EVENT = 250 "ReportBufferLevelWarningEvent";
    REPORT_BUFFER_OVERFLOW_EVENT = 251 "ReportBufferOverflowErrorEvent";
    READER_EXCEPTION_EVENT = 252 "ReaderExceptionEvent";
    RF_SURVEY_EVENT = 253 "RFSurveyEvent";
    AISPEC_EVENT = 254 "AISpecEvent";
    ANTENNA_EVENT = 255 "AntennaEvent";
    CONNECTION_ATTEMPT_EVENT = 256 "ConnectionAttemptEvent";
    CONNECTION_CLOSE_EVENT = 257 "ConnectionCloseEvent";
    LLRP_STATUS = 287 "LLRPStatus";
    FIELD_ERROR = 288 "FieldError";
    PARAMETER_ERROR = 289 "ParameterError";
    C1G2_UHF_RF_MODE_TABLE = 328 "C1G2UHFRFModeTable";
    C1G2_UHF_RF_MODE_ENTRY = 329 "C1G2UHFRFModeTableEntry";
    C1G2_INVENTORY_COMMAND = 330 "C1G2InventoryCommand";
    C1G2_RF_CONTROL = 335 "C1G2RFControl";
    C1G2_SINGULATION_CONTROL = 336 "C1G2SingulationControl";
    C1G2_SINGULATION_ACTION = 337 "C1G2TagInventoryStateAwareSingulationAction";
    C1G2_EPC_MEMORY_SELECTOR = 348 "C1G2EPCMemorySelector";
    SPEC_LOOP_EVENT = 356 "SpecLoopEvent";
    CUSTOM = 1023 "Custom";
}

/// Bytes of a TV parameter's value. TV parameters carry no length, so one that is not in this table
/// cannot be skipped: the rest of what holds it is lost.
pub fn tv_bytes(kind: u16) -> Option<usize> {
    match kind {
        6 => Some(1),
        1 | 7 | 8 | 10 | 11 | 12 | 14 | 15 | 17 | 19 | 20 => Some(2),
        9 | 16 | 18 => Some(4),
        2..=5 => Some(8),
        13 => Some(12),
        _ => None,
    }
}
