//! Amazon Bedrock, over Converse and ConverseStream.
